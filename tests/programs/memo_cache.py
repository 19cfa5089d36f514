# right: 1 computation
import threading

cache = {}
computed = 0

def square(n):
    global computed
    try:
        return cache[n]
    except KeyError:
        computed += 1
        cache[n] = n * n
        return cache[n]

threads = [threading.Thread(target=square, args=(7,)) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(computed, "computation")
