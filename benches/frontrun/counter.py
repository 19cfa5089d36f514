# right: 4
import threading


class Counter(object):
    def __init__(self):
        self.n = 0

    def work(self):
        for _ in range(2):
            self.n += 1


shared = Counter()
threads = [threading.Thread(target=shared.work) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(shared.n)
