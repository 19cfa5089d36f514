# right: {'a': 4}
import threading
from collections import defaultdict

counts = defaultdict(int)

def count(words):
    for word in words:
        counts[word] += 1

ts = [threading.Thread(target=count, args=(["a", "a"],)) for _ in range(2)]
for t in ts: t.start()
for t in ts: t.join()
print(dict(counts))
