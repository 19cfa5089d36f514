# right: 2
import threading

ready = threading.Event()
results = []

def waiter(n):
    ready.wait()
    results.append(n)

threads = [threading.Thread(target=waiter, args=(i,)) for i in range(2)]
for t in threads:
    t.start()
ready.set()
for t in threads:
    t.join()
print(len(results))
