# right: ping pong ping pong
import threading

ping, pong = threading.Event(), threading.Event()
said = []

def first():
    for _ in range(2):
        ping.wait()
        ping.clear()
        said.append("ping")
        pong.set()

def second():
    for _ in range(2):
        pong.wait()
        pong.clear()
        said.append("pong")
        ping.set()

a = threading.Thread(target=first)
b = threading.Thread(target=second)
a.start()
b.start()
ping.set()
a.join()
b.join()
print(" ".join(said))
