# measured: lost in most runs on 2.7 3.6 3.9 3.10 3.11 3.12 3.13 3.14 3.15; exact on none
import threading

N = 60000

def run(work):
    ts = [threading.Thread(target=work, args=(d,)) for d in (1, -1)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()

n = 0
class It(object):
    def __init__(self): self.i = 0
    def __iter__(self): return self
    def __next__(self):
        self.i += 1
        if self.i > 1: raise StopIteration
        return self.i
    next = __next__
def work(d):
    global n
    for _ in range(N // 4):
        v = n
        for i in It(): pass
        n = v + d
run(work)
print(n)
