# right: 4
import threading
from collections import Counter

counts = Counter()

def count(text):
    for word in text.split():
        counts[word] += 1

threads = [threading.Thread(target=count, args=("a b a",)) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(counts["a"])
