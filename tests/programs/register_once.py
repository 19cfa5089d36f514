# wrong: up to 3.13 both find no such user
import threading

users = []

def register(name):
    if not any(user == name for user in users):
        users.append(name)

threads = [threading.Thread(target=register, args=("ann",)) for _ in range(2)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(users))
