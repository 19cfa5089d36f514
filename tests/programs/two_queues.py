# right: [2, 3, 4]
import threading
from queue import Queue

raw, done = Queue(), Queue()

def stage():
    while True:
        item = raw.get()
        if item == "STOP":
            done.put("STOP")
            return
        done.put(item + 1)

t = threading.Thread(target=stage)
t.start()
for i in (1, 2, 3):
    raw.put(i)
raw.put("STOP")
out = []
while True:
    item = done.get()
    if item == "STOP":
        break
    out.append(item)
t.join()
print(out)
