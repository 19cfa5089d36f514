# right: [0, 1, 4, 9]
import threading
import queue

tasks = queue.Queue()
results = []
results_lock = threading.Lock()

def worker():
    while True:
        n = tasks.get()
        if n is None:
            tasks.task_done()
            break
        with results_lock:
            results.append(n * n)
        tasks.task_done()

workers = [threading.Thread(target=worker) for _ in range(2)]
for w in workers:
    w.start()
for n in range(4):
    tasks.put(n)
for _ in workers:
    tasks.put(None)
tasks.join()
for w in workers:
    w.join()
print(sorted(results))
