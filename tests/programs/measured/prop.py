# measured: lost in most runs on 2.7 3.6 3.9 3.10 3.11 3.12 3.13 3.14 3.15; exact on none
import threading

N = 60000

def run(work):
    ts = [threading.Thread(target=work, args=(d,)) for d in (1, -1)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()

class Meter(object):
    def __init__(self): self._value = 0
    @property
    def value(self): return self._value
    @value.setter
    def value(self, new): self._value = new
meter = Meter()
def work(d):
    for _ in range(N): meter.value += d
run(work)
print(meter.value)
