# right: lines that end in their own way
import threading

def show(n, *, step=2):
    print("n", n + step, sep=" = ", end=".\n")

thread = threading.Thread(target=show, args=(1,), kwargs={"step": 4})
thread.start()
thread.join()
print("two lines", end="\n\n")
show(2)
