# wrong up to 3.9, and without a GIL
from __future__ import annotations

import threading
from typing import List, Optional

class Account:
    owner: Optional[str] = None

    def __init__(self, balance: int) -> None:
        self.balance: int = balance
        self.history: List[int] = []

    def add(self, n: int) -> None:
        self.balance += n
        self.history.append(n)

def work(account: Account) -> None:
    for _ in range(100_000):
        account.add(1)

account: Account = Account(0)
threads: List[threading.Thread] = [threading.Thread(target=work, args=(account,)) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(account.balance)
