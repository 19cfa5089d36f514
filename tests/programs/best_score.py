# right: 90
import threading

best = 0

def submit(score):
    global best
    if score > best:
        best = score

threads = [threading.Thread(target=submit, args=(score,)) for score in (90, 70)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(best)
