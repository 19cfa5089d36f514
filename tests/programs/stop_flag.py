# right: stopped
import threading
import time

running = True

def worker():
    while running:
        time.sleep(0.01)

t = threading.Thread(target=worker)
t.start()
running = False
t.join()
print("stopped")
