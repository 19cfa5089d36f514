# right: [1, 2]
import threading

data = threading.local()
out = []

def work(n):
    data.n = n
    total = data.n + int(0)
    out.append(total)

ts = [threading.Thread(target=work, args=(i + 1,)) for i in range(2)]
for t in ts: t.start()
for t in ts: t.join()
print(sorted(out))
