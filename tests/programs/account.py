# right: never below 0
import threading

class Account:
    def __init__(self, balance):
        self.balance = balance

    def withdraw(self, amount):
        if self.balance >= amount:
            self.balance -= amount
            return True
        return False

account = Account(100)

def spend():
    account.withdraw(80)

a = threading.Thread(target=spend)
b = threading.Thread(target=spend)
a.start()
b.start()
a.join()
b.join()
print(account.balance)
