# right: 150
import threading
import time

balance = 100

def deposit(amount):
    global balance
    current = balance
    time.sleep(0.01)
    balance = current + amount

a = threading.Thread(target=deposit, args=(20,))
b = threading.Thread(target=deposit, args=(30,))
a.start()
b.start()
a.join()
b.join()
print("Final balance: %d" % balance)
