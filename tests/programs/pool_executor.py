# right: 4
from concurrent.futures import ThreadPoolExecutor

hits = {"n": 0}

def hit(times):
    for _ in range(times):
        hits["n"] = hits["n"] + abs(1)

with ThreadPoolExecutor(max_workers=2) as pool:
    f1 = pool.submit(hit, 2)
    f2 = pool.submit(hit, 2)
print(hits["n"])
