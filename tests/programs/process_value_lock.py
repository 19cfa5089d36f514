# right: 4
from multiprocessing import Process, Value

def work(counter):
    for _ in range(2):
        with counter.get_lock():
            counter.value += 1

if __name__ == "__main__":
    counter = Value("i", 0)
    processes = [Process(target=work, args=(counter,)) for _ in range(2)]
    for p in processes:
        p.start()
    for p in processes:
        p.join()
    print(counter.value)
