# right: False
import threading

on = False

def press():
    global on
    for _ in range(1000):
        on = not on

threads = [threading.Thread(target=press) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(on)
