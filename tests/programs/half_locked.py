# right: 4
import threading

lock = threading.Lock()
n = 0

def locked():
    global n
    for _ in range(2):
        with lock:
            n = n + int(1)

def unlocked():
    global n
    for _ in range(2):
        n = n + int(1)

a = threading.Thread(target=locked)
b = threading.Thread(target=unlocked)
a.start(); b.start(); a.join(); b.join()
print(n)
