# right: every listener is told
import threading

listeners = ["a", "b", "c"]
told = []

def notify():
    for name in listeners:
        told.append(name)

def unsubscribe():
    listeners.remove("a")

t1 = threading.Thread(target=notify)
t2 = threading.Thread(target=unsubscribe)
t1.start()
t2.start()
t1.join()
t2.join()
print("b" in told)
