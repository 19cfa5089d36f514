# wrong: a withdrawal passes a balance that another one has taken
import threading
import time
from dataclasses import dataclass, field
from typing import ClassVar

@dataclass
class Account:
    owner: str
    balance: int = 100
    history: list = field(default_factory=list)
    opened: ClassVar[int] = 0

    def __post_init__(self):
        Account.opened += 1

    def withdraw(self, amount):
        if self.balance >= amount:
            time.sleep(0.001)
            self.balance -= amount
            self.history.append(amount)

account, other = Account("ann"), Account("bob", balance=5)
threads = [threading.Thread(target=account.withdraw, args=(80,)) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(account, other, Account.opened)
