# right: at most 1
import threading

sem = threading.Semaphore(1)
active = 0
peak = 0

def job():
    global active, peak
    with sem:
        active += 1
        peak = max(peak, active)
        active -= 1

threads = []
for i in range(2):
    t = threading.Thread(target=job)
    t.start()
    threads.append(t)
for t in threads:
    t.join()
print(peak)
