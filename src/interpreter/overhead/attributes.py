# Attributes of objects: read, written, inherited, behind a property, and methods that use them.
class Account(object):
    rate = 3

    def __init__(self, owner, balance):
        self.owner = owner
        self.balance = balance
        self.changes = 0

    def change(self, amount):
        self.balance += amount
        self.changes += 1

    @property
    def interest(self):
        return self.balance * self.rate // 100


class Savings(Account):
    rate = 5

    def change(self, amount):
        if amount > 0:
            Account.change(self, amount)


def work(n):
    accounts = [Account("a", 100), Savings("b", 200)]
    total = 0
    for number in range(n):
        for account in accounts:
            account.change(number % 7 - 2)
            total += account.interest
        accounts[0].owner = accounts[1].owner
    return total + accounts[0].changes + accounts[1].balance
