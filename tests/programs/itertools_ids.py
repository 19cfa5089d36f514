# right: 0
import threading
import itertools

ids = itertools.count()
issued = []

def clerk():
    for _ in range(2):
        issued.append(next(ids))

ts = [threading.Thread(target=clerk) for _ in range(2)]
for t in ts: t.start()
for t in ts: t.join()
print(len(issued) - len(set(issued)))
