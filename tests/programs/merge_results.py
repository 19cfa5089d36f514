# right: [1, 2, 3, 4]
import threading

results = [None, None]

def half(index, numbers):
    results[index] = [n + 1 for n in numbers]

a = threading.Thread(target=half, args=(0, [0, 1]))
b = threading.Thread(target=half, kwargs={"index": 1, "numbers": [2, 3]})
a.start()
b.start()
a.join()
b.join()
print(results[0] + results[1])
