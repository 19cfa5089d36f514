# right: 200
import threading

accounts = {"a": 100, "b": 100}

def transfer(src, dst, amount):
    if accounts[src] >= amount:
        accounts[src] -= amount
        accounts[dst] += amount

t1 = threading.Thread(target=transfer, args=("a", "b", 30))
t2 = threading.Thread(target=transfer, args=("b", "a", 50))
t1.start(); t2.start()
t1.join(); t2.join()
print(sum(accounts.values()))
