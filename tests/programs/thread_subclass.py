# right: 4
import threading

counter = 0

class Worker(threading.Thread):
    def __init__(self, times):
        threading.Thread.__init__(self)
        self.times = times

    def run(self):
        global counter
        for _ in range(self.times):
            counter = counter + int("1")

workers = [Worker(2), Worker(2)]
for w in workers:
    w.start()
for w in workers:
    w.join()
print(counter)
