# right: 200000
import threading

n = 0

def add():
    global n
    lock = threading.Lock()
    with lock:
        n += 1

def worker():
    for _ in range(100000):
        add()

threads = [threading.Thread(target=worker) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(n)
