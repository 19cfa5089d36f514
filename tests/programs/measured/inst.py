# measured: lost in most runs on 2.7 3.6 3.9 3.10 3.11 3.12 3.13 3.14 3.15; exact on none
import threading

N = 60000

def run(work):
    ts = [threading.Thread(target=work, args=(d,)) for d in (1, -1)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()

class P(object):
    def __init__(self, v): self.v = v
p = P(0)
def work(d):
    global p
    for _ in range(N): p = P(p.v + d)
run(work)
print(p.v)
