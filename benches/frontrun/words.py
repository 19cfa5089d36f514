# right: 4
import threading


class Words(object):
    def __init__(self):
        self.counts = {}

    def work(self):
        for _ in range(2):
            self.counts["the"] = self.counts.get("the", 0) + 1


shared = Words()
threads = [threading.Thread(target=shared.work) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(shared.counts["the"])
