# right: 1
import threading

lock = threading.Lock()
instance = None
created = 0

def get():
    global instance, created
    if instance is None:
        with lock:
            if instance is None:
                created = created + 1
                instance = object()
    return instance

ts = [threading.Thread(target=get) for _ in range(2)]
for t in ts: t.start()
for t in ts: t.join()
print(created)
