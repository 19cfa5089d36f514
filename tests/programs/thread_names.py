# right: a line of each
import threading

def hello():
    print("hello from", threading.current_thread().name)

threads = [threading.Thread(target=hello, name="worker-%d" % i) for i in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
