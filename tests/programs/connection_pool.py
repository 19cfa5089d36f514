# right: 2 connections
import threading

class Pool(object):
    def __init__(self):
        self.free = []
        self.made = 0

    def get(self):
        if self.free:
            return self.free.pop()
        self.made += 1
        return "connection %d" % self.made

    def put(self, connection):
        self.free.append(connection)

pool = Pool()
used = []

def query():
    connection = pool.get()
    used.append(connection)
    pool.put(connection)

threads = [threading.Thread(target=query) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(pool.free) == pool.made)
