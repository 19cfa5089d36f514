# right: 6
import threading
import queue

q = queue.Queue()
total = 0

def producer():
    for i in range(1, 4):
        q.put(i)
    q.put(None)

def consumer():
    global total
    while True:
        item = q.get()
        if item is None:
            break
        total += item

p = threading.Thread(target=producer)
c = threading.Thread(target=consumer)
p.start()
c.start()
p.join()
c.join()
print(total)
