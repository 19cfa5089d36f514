# right: 6
from threading import Thread, Lock

class Adder(Thread):
    total = 0
    lock = Lock()

    def __init__(self, amount):
        super().__init__()
        self.amount = amount

    def run(self):
        for i in range(3):
            with Adder.lock:
                Adder.total += self.amount

a, b = Adder(1), Adder(1)
a.start(); b.start()
a.join(); b.join()
print(Adder.total)
