# right: [], for the child has a copy
from multiprocessing import Process

found = []

def search():
    found.append("x")

if __name__ == "__main__":
    p = Process(target=search)
    p.start()
    p.join()
    print(found)
