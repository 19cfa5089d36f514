# right: 0
import threading

x = 0

def work(d):
    global x
    L = threading.Lock()
    for i in range(200000):
        y = x
        with L:
            x = y + d

a = threading.Thread(target=work, args=(1,))
b = threading.Thread(target=work, args=(-1,))
a.start()
b.start()
a.join()
b.join()
print(x)
