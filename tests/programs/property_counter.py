# right: 4
import threading

class Meter:
    def __init__(self):
        self._value = 0

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, new):
        self._value = new

meter = Meter()

def work():
    for _ in range(2):
        meter.value += 1

ts = [threading.Thread(target=work) for _ in range(2)]
for t in ts: t.start()
for t in ts: t.join()
print(meter.value)
