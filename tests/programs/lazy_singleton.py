# right: 1
import threading

class Config(object):
    instance = None
    created = 0

    @classmethod
    def get(cls):
        if cls.instance is None:
            cls.created += 1
            cls.instance = Config()
        return cls.instance

def worker():
    Config.get()

threads = [threading.Thread(target=worker) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(Config.created)
