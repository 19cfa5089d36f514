# right: 1
import threading

cache = {}
made = []

def get(key):
    if key not in cache:
        made.append(key)
        cache[key] = len(made)
    return cache[key]

def worker():
    for i in range(1):
        get("config")

threads = [threading.Thread(target=worker) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(made))
