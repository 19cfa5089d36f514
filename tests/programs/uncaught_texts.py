# right: [2, 1], and "Refused: no 2" raised in a thread
import logging
import threading


class Refused(Exception):
    def __init__(self, why, number):
        self.why, self.number = why, number

    def __str__(self):
        return "%s %d" % (self.why, self.number)


done = [0, 0]


def refuses():
    raise Refused("no", 2)


def stops():
    done[0] += 2
    raise SystemExit("enough")


def logs():
    try:
        print({"key": 1}["word"])
    except KeyError:
        logging.exception("no such word")
    done[1] += 1


threads = [threading.Thread(target=target) for target in (refuses, stops, logs)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(done)
