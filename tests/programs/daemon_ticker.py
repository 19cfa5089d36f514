# right: ends
import threading
import time

ticks = 0

def tick():
    global ticks
    while True:
        ticks += 1
        time.sleep(0.01)

t = threading.Thread(target=tick, daemon=True)
t.start()
time.sleep(0.05)
print("main is done")
