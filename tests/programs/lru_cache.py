# right: never more than 2 entries, nothing raised
import threading
from collections import OrderedDict

class LRU:
    def __init__(self, size):
        self.size = size
        self.data = OrderedDict()

    def put(self, key, value):
        if key in self.data:
            del self.data[key]
        elif len(self.data) >= self.size:
            self.data.popitem(last=False)
        self.data[key] = value

cache = LRU(2)

def work(start):
    for i in range(2):
        cache.put(start + i, i)

a = threading.Thread(target=work, args=(0,))
b = threading.Thread(target=work, args=(10,))
a.start()
b.start()
a.join()
b.join()
print(len(cache.data) <= 2)
