# right: handled
import threading

errors = []

def work():
    try:
        int("x")
    except ValueError as e:
        errors.append(str(e))
    finally:
        errors.append("end")

t = threading.Thread(target=work)
t.start()
t.join()
print(errors)
