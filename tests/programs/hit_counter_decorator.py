# right: 4
import threading

def counted(f):
    def wrapper(*args, **kwargs):
        wrapper.calls += 1
        return f(*args, **kwargs)
    wrapper.calls = 0
    return wrapper

@counted
def visit(page):
    return page.upper()

def browse():
    for _ in range(2):
        visit("home")

threads = [threading.Thread(target=browse) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(visit.calls)
