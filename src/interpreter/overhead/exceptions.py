# Exceptions: raised, caught here and further out, passed through finally, and ends of iterators.
class Refused(Exception):
    def __init__(self, number):
        Exception.__init__(self, number)
        self.number = number


def check(number):
    if number % 3 == 0:
        raise Refused(number)
    return number


def checked(number, log):
    try:
        return check(number)
    finally:
        log.append(number)


def work(n):
    total = 0
    for number in range(n):
        log = []
        try:
            total += checked(number, log) % 5
        except Refused as refused:
            total += refused.number % 7
        try:
            total += log[1]
        except IndexError:
            total += len(log)
        items = iter((1, 2))
        try:
            while True:
                total += next(items)
        except StopIteration:
            pass
        try:
            total += {}["missing"]
        except KeyError:
            total += 1
    return total
