# right: 4
import threading

class Counter:
    def __init__(self):
        self.lock = threading.RLock()
        self.n = 0

    def add(self):
        with self.lock:
            self.n += 1

    def add_twice(self):
        with self.lock:
            self.add()
            self.add()

c = Counter()
threads = [threading.Thread(target=c.add_twice) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(c.n)
