# right: loaded once
import threading

class Report:
    loads = 0

    def __init__(self):
        self._data = None

    @property
    def data(self):
        if self._data is None:
            self._data = self._load()
        return self._data

    def _load(self):
        Report.loads += 1
        return [1, 2, 3]

report = Report()
sums = []

def use():
    sums.append(sum(report.data))

threads = [threading.Thread(target=use) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print("loaded", Report.loads, "times")
