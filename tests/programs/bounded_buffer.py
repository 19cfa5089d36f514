# right: [0, 1, 2]
import threading

SIZE = 2
buffer = []
mutex = threading.Lock()
empty = threading.Semaphore(SIZE)
full = threading.Semaphore(0)
consumed = []

def producer():
    for i in range(3):
        empty.acquire()
        mutex.acquire()
        buffer.append(i)
        mutex.release()
        full.release()

def consumer():
    for _ in range(3):
        full.acquire()
        mutex.acquire()
        item = buffer.pop(0)
        mutex.release()
        empty.release()
        consumed.append(item)

p = threading.Thread(target=producer)
c = threading.Thread(target=consumer)
p.start()
c.start()
p.join()
c.join()
print(consumed)
