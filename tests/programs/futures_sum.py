# right: 6
from concurrent.futures import ThreadPoolExecutor, as_completed

total = 0

def add(n):
    global total
    total += n
    return n

with ThreadPoolExecutor(max_workers=2) as pool:
    futures = [pool.submit(add, n) for n in (1, 2, 3)]
    for future in as_completed(futures):
        future.result()
print(total)
