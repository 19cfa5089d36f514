# right: 4
import threading

groups = {}

def collect(items):
    for key, value in items:
        groups.setdefault(key, []).append(value)

threads = [threading.Thread(target=collect, args=([("even", 2), ("odd", 1)],)) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sum(len(values) for values in groups.values()))
