# right: [0, 1, 4]
from concurrent.futures import ThreadPoolExecutor

def square(n):
    return n * n

with ThreadPoolExecutor(max_workers=2) as pool:
    print(list(pool.map(square, [0, 1, 2])))
