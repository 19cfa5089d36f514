# right: everybody has eaten
import threading

forks = [threading.Lock() for _ in range(3)]
eaten = []

def philosopher(i):
    left, right = forks[i], forks[(i + 1) % 3]
    with left:
        with right:
            eaten.append(i)

threads = [threading.Thread(target=philosopher, args=(i,)) for i in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sorted(eaten))
