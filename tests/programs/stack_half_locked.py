# right: nothing raised
import threading

class Stack:
    def __init__(self):
        self.items = []
        self.lock = threading.Lock()

    def push(self, item):
        with self.lock:
            self.items.append(item)

    def is_empty(self):
        return len(self.items) == 0

    def pop(self):
        with self.lock:
            return self.items.pop()

stack = Stack()
stack.push("only")

def take():
    if not stack.is_empty():
        stack.pop()

threads = [threading.Thread(target=take) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print("done")
