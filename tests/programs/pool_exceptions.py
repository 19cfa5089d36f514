# right: each result, or the exception of its task
from collections import deque
from concurrent.futures import ThreadPoolExecutor

recent = deque(maxlen=2)

def work(n):
    if n == 1:
        raise ValueError("no %d" % n)
    return n * 10

with ThreadPoolExecutor(max_workers=2) as pool:
    futures = [pool.submit(work, n) for n in range(3)]

for future in futures:
    error = future.exception()
    recent.append(future.result() if error is None else "failed: %s" % error)
print(list(recent), recent.maxlen)
