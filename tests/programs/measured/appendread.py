# measured: lost in most runs on 2.7 3.6 3.9 3.10; exact on 3.11 3.12 3.13 3.14 3.15
import threading

N = 60000

def run(work):
    ts = [threading.Thread(target=work, args=(d,)) for d in (1, -1)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()

n = 0
log = []
def work(d):
    global n
    for _ in range(N):
        v = n
        log.append(d)
        n = v + d
run(work)
print(n)
