# right: each thread finds what the language says
import threading

class Failed(Exception):
    def __init__(self, code=0, **info):
        Exception.__init__(self, "code %d" % code)
        self.code = code
        self.info = info

class Worker(threading.Thread):
    def __init__(self, found, *args, **kwargs):
        super(Worker, self).__init__(*args, **kwargs)
        self.found = found

    def run(self):
        try:
            raise Failed(3, why=self.name)
        except Failed as error:
            self.found.append((error.code, str(error), sorted(error.info.items())))

def told(text, said):
    said.append(text)
    return text

x = 1

class Own(object):
    x = 2
    y = [x for _ in range(1)]

found, said = [], []
worker = Worker(found, name="one")
worker.start()
worker.join()
pairs = {told("key", said): told("value", said)}
print([found, said, sorted(pairs.items()), Own.y, list(filter(None, [0, 1, 2]))])


class Pair:
    def __init__(self, one, other):
        self.one, self.other = one, other

    def __call__(self):
        return self.one


pair = Pair(1, 2)
# In 2.7 all objects of such classes have one type together.
print(type(pair).__name__, type(pair) is Pair, pair.__class__ is Pair, isinstance(pair, type(pair)))
print(callable(pair), callable(pair.other), pair(), pair.other)
