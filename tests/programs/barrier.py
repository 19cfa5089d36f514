# right: [2, 2]
import threading

n = 0
seen = []
lock = threading.Lock()
barrier = threading.Barrier(2)

def worker():
    global n
    with lock:
        n += 1
    barrier.wait()
    seen.append(n)

ts = [threading.Thread(target=worker) for _ in range(2)]
[t.start() for t in ts]
[t.join() for t in ts]
print(seen)
