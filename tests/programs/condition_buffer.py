# right: [0, 1]
import threading

items = []
got = []
cond = threading.Condition()

def producer():
    for i in range(2):
        with cond:
            items.append(i)
            cond.notify()

def consumer():
    for _ in range(2):
        with cond:
            while not items:
                cond.wait()
            got.append(items.pop(0))

p = threading.Thread(target=producer)
c = threading.Thread(target=consumer)
c.start()
p.start()
p.join()
c.join()
print(got)
