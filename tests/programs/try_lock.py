# right: 2
import threading

lock = threading.Lock()
n = 0

def worker():
    global n
    lock.acquire()
    try:
        n += 1
    finally:
        lock.release()

ts = [threading.Thread(target=worker) for _ in range(2)]
for t in ts: t.start()
for t in ts: t.join()
print(f"n = {n}")
