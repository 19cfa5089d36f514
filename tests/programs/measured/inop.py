# measured: lost in most runs on 2.7 3.6 3.9; exact on 3.10 3.11 3.12 3.13 3.14 3.15
import threading

N = 60000

def run(work):
    ts = [threading.Thread(target=work, args=(d,)) for d in (1, -1)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()

d0 = {"k": 0}
def work(d):
    for _ in range(N):
        if "k" in d0: d0["k"] = d0["k"] + d
run(work)
print(d0["k"])
