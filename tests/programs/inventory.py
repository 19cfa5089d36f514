# right: sold 1, left 0
import threading

class OutOfStock(Exception):
    pass

class Inventory(object):
    def __init__(self):
        self.stock = {"pen": 1}
        self.sold = []

    def sell(self, item, customer):
        if self.stock[item] <= 0:
            raise OutOfStock(item)
        self.stock[item] -= 1
        self.sold.append(customer)

shop = Inventory()

def buy(customer):
    try:
        shop.sell("pen", customer)
    except OutOfStock:
        pass

threads = [threading.Thread(target=buy, args=(name,)) for name in ("ann", "bob")]
for t in threads:
    t.start()
for t in threads:
    t.join()
print("sold %d, left %d" % (len(shop.sold), shop.stock["pen"]))
