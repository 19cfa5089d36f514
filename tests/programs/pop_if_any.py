# right: nothing raised
import threading

stack = [1]

def take():
    if len(stack) > 0:
        size = str(len(stack))
        stack.pop()

a = threading.Thread(target=take)
b = threading.Thread(target=take)
a.start(); b.start(); a.join(); b.join()
print(len(stack))
