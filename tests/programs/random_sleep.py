# right: 2
import random
import threading
import time

done = 0

def job():
    global done
    time.sleep(random.random() / 100)
    done += 1

threads = [threading.Thread(target=job) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(done)
