# right: no number twice
import threading

log = []

def write(message):
    log.append("%d %s" % (len(log) + 1, message))

def worker(name):
    for _ in range(2):
        write(name)

threads = [threading.Thread(target=worker, args=(name,)) for name in "ab"]
for t in threads:
    t.start()
for t in threads:
    t.join()
numbers = [line.split()[0] for line in log]
print(len(numbers) == len(set(numbers)))
