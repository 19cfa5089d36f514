# right: 2
import threading
from collections import deque

d = deque([1, 2])

def work():
    while d:
        x = d.popleft()
        d2.append(x)

d2 = deque()
ts = [threading.Thread(target=work) for _ in range(2)]
for t in ts: t.start()
for t in ts: t.join()
print(len(d2))
