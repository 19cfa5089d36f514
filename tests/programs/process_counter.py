# right: 0, for each process has its own
from multiprocessing import Process

n = 0

def work():
    global n
    for _ in range(1000):
        n += 1

if __name__ == "__main__":
    ps = [Process(target=work) for _ in range(2)]
    for p in ps:
        p.start()
    for p in ps:
        p.join()
    print(n)
