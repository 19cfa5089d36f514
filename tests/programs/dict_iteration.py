# right: nothing raised
import threading

prices = {"tea": 3, "milk": 1}

def total():
    s = 0
    for name in prices:
        s += prices[name]
    return s

def add():
    prices["bread"] = 2

t1 = threading.Thread(target=total)
t2 = threading.Thread(target=add)
t1.start()
t2.start()
t1.join()
t2.join()
print(len(prices))
