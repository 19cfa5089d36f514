# right: 2
import threading

lock = threading.Lock()
n = 0

def work():
    global n
    if lock.acquire(timeout=5):
        try:
            n += 1
        finally:
            lock.release()

threads = [threading.Thread(target=work) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(n)
