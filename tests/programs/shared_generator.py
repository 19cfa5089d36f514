# right: 0 1 2 3, each once
import threading

def numbers():
    n = 0
    while True:
        yield n
        n += 1

ids = numbers()
taken = []

def take():
    for _ in range(2):
        taken.append(next(ids))

threads = [threading.Thread(target=take) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sorted(taken))
