# right: Thread-1 to Thread-4, from 3.10 on with the name of the function
import threading

class Named(threading.Thread):
    def run(self):
        print(self.name)

class Worker:
    def work(self):
        print(threading.current_thread().name)

def work():
    print(threading.current_thread().name)

threads = [
    threading.Thread(target=work),
    Named(),
    threading.Thread(target=work, name="given"),
    threading.Thread(target=Worker().work),
    threading.Thread(target=lambda: work(), name=""),
]
for t in threads:
    t.start()
    t.join()
print([t.name for t in threads], threading.current_thread().name)
