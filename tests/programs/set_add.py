# right: 3
import threading

seen = set()

def work(items):
    for item in items:
        seen.add(item)

t1 = threading.Thread(target=work, args=([1, 2],))
t2 = threading.Thread(target=work, args=([2, 3],))
t1.start(); t2.start(); t1.join(); t2.join()
print(sorted(seen))
