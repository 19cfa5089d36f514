# right: both from one version
import threading

config = {"host": "a", "port": 1}
seen = []

def reload():
    global config
    config = {"host": "b", "port": 2}

def use():
    host = config["host"]
    port = config["port"]
    seen.append((host, port))

t1 = threading.Thread(target=reload)
t2 = threading.Thread(target=use)
t1.start()
t2.start()
t1.join()
t2.join()
print(seen[0] in (("a", 1), ("b", 2)))
