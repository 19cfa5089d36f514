# right: 4
import threading

def make():
    count = 0
    def incr():
        nonlocal count
        count += 1
        return count
    return incr

incr = make()

def work():
    for _ in range(2):
        incr()

ts = [threading.Thread(target=work) for _ in range(2)]
for t in ts: t.start()
for t in ts: t.join()
print(incr() - 1)
