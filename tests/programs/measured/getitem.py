# measured: lost in most runs on 2.7 3.6 3.9 3.10 3.11 3.12 3.13 3.14 3.15; exact on none
import threading

N = 60000

def run(work):
    ts = [threading.Thread(target=work, args=(d,)) for d in (1, -1)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()

class L(object):
    def __init__(self): self.x = [0]
    def __getitem__(self, i): return self.x[i]
    def __setitem__(self, i, v): self.x[i] = v
l = L()
def work(d):
    for _ in range(N): l[0] += d
run(work)
print(l[0])
