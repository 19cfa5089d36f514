# right: nothing raised
import threading

cache = {"a": 1}

def expire(key):
    if key in cache:
        value = cache[key]
        if value < 10:
            del cache[key]

threads = [threading.Thread(target=expire, args=("a",)) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(cache))
