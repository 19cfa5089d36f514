# right: 0 open, 2 opened
import threading

class Session:
    opened = 0
    open_now = 0
    lock = threading.Lock()

    def __enter__(self):
        with Session.lock:
            Session.opened += 1
            Session.open_now += 1
        return self

    def __exit__(self, *exc):
        with Session.lock:
            Session.open_now -= 1
        return False

def job():
    with Session():
        pass

threads = [threading.Thread(target=job) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(f"{Session.open_now} open, {Session.opened} opened")
