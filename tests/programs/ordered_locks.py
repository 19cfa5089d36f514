# right: 200
import threading

class Account:
    def __init__(self, number, balance):
        self.number = number
        self.balance = balance
        self.lock = threading.Lock()

def transfer(source, target, amount):
    first, second = sorted([source, target], key=lambda account: account.number)
    with first.lock:
        with second.lock:
            if source.balance >= amount:
                source.balance -= amount
                target.balance += amount

a, b = Account(1, 100), Account(2, 100)
t1 = threading.Thread(target=transfer, args=(a, b, 30))
t2 = threading.Thread(target=transfer, args=(b, a, 50))
t1.start()
t2.start()
t1.join()
t2.join()
print(a.balance + b.balance)
