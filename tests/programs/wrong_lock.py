# right: 0
import threading

balance = 0
deposit_lock = threading.Lock()
withdraw_lock = threading.Lock()

def deposit():
    global balance
    for _ in range(100000):
        with deposit_lock:
            balance = balance + int(1)

def withdraw():
    global balance
    for _ in range(100000):
        with withdraw_lock:
            balance = balance - int(1)

t1 = threading.Thread(target=deposit)
t2 = threading.Thread(target=withdraw)
t1.start()
t2.start()
t1.join()
t2.join()
print(balance)
