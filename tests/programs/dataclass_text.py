# right: the texts of two points, and of the thread that moved one
import threading
import dataclasses
from dataclasses import dataclass, field

@dataclass
class Point:
    x: int
    y: int = 2
    marks: list = field(default_factory=list)

    def move(self, by):
        self.x += by
        self.marks.append("moved by %d" % by)

@dataclasses.dataclass()
class Empty:
    pass

class Named:
    @dataclass
    class Inner:
        text: str = field(default="none")

        def __repr__(self):
            return "<%s>" % self.text

one, other = Point(1), Point(y=5, x=4, marks=["given"])
thread = threading.Thread(target=one.move, args=(3,))
thread.start()
thread.join()
print(one, [other], Empty(), Named.Inner(), Point.y, one is one)
try:
    {one: 1}
except TypeError as error:
    print("no key")
