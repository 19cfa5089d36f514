# right: one instance
import threading

class Database(object):
    _instance = None

    def __new__(cls):
        if cls._instance is None:
            cls._instance = object.__new__(cls)
        return cls._instance

made = []

def connect():
    made.append(Database())

threads = [threading.Thread(target=connect) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(made[0] is made[1])
