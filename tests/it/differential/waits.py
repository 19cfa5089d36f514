# Runs the programs of a JSON file, each many times for so many seconds, with pauses of random length in place of time.sleep() and
# under switch intervals of 1 to 30 us, and prints the ends that it saw: what was printed, the classes of what nothing met, and whether
# it was still waiting after a second.
import _thread
import ctypes
import io
import json
import os
import random
import signal
import sys
import threading
import time

INTERVALS = 1e-6, 1e-5, 3e-5
# Threads that wait for ever stay: after so many the program has shown it.
HANGS = 3
PATIENCE = 1


class Hangs(BaseException):
    pass


def hangs(signum, frame):
    raise Hangs


real_sleep = time.sleep
busy = [False]


def pause(seconds):
    kind = random.random()
    if kind < 0.3:
        real_sleep(0)
    elif kind < 0.6:
        real_sleep(random.random() * 2e-5)
    else:
        for _ in range(int(random.random() * 60)):
            pass


def keep_busy():
    while True:
        if busy[0]:
            for _ in range(20):
                pass
        else:
            real_sleep(1e-5)


def once(code):
    raised, kept, waits = [], sys.stdout, False
    threading.excepthook = lambda args: raised.append(args.exc_type.__name__)
    sys.stdout = io.StringIO()
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        exec(code, {"__name__": "__main__"})
    except Hangs:
        waits = True
    except Exception as error:
        raised.append(type(error).__name__)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        printed, sys.stdout = sys.stdout.getvalue(), kept
    return tuple(sorted(printed.splitlines())), tuple(sorted(raised)), waits


def ends(text, seconds):
    code = compile(text, "<program>", "exec", 0, True)
    seen, began, number, hung = set(), time.time(), 0, 0
    while hung < HANGS and time.time() - began < seconds:
        busy[0] = number % 4 == 1
        sys.setswitchinterval(INTERVALS[number % len(INTERVALS)])
        end = once(code)
        seen.add(end)
        hung += end[2]
        number += 1
    return {"runs": number, "ends": [list(end) for end in seen]}


# Linux lets a thread sleep for up to 50 us more than was asked for, unless it is told otherwise.
PR_SET_TIMERSLACK = 29
try:
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 10000, 0, 0, 0)
except (AttributeError, OSError, TypeError):
    pass
time.sleep = pause
signal.signal(signal.SIGALRM, hangs)
_thread.start_new_thread(keep_busy, ())
with open(sys.argv[1], encoding="utf-8") as programs:
    print(json.dumps([ends(text, float(sys.argv[2])) for text in json.load(programs)]), flush=True)
# Not by way of threading, which would wait for those that hang.
os._exit(0)
