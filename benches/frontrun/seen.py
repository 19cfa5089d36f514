# right: 4
import threading


class Seen(object):
    def __init__(self):
        self.seen = []

    def work(self):
        for _ in range(2):
            self.seen.append(1)


shared = Seen()
threads = [threading.Thread(target=shared.work) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(shared.seen))
