# What every job begins with: the job's own file follows in the same program.
#
# Written for Python 2.7 and 3 alike. The request is one JSON object, the first argument; the answer is one
# JSON object on one line of standard output; a failure is an exit status and a last line of standard error.
import json
import os
import select
import signal
import sys
import threading
import time
import traceback

try:
    # Here, before anything is measured. Not every build has ctypes, and only Linux has prctl.
    import ctypes
    prctl = ctypes.CDLL(None).prctl
except Exception:
    prctl = None

# time.time is 2.7's best. Both are the same for all processes of a machine, so workers' times compare.
clock = getattr(time, "perf_counter", time.time)

# The one who asked holds the other end of standard input for as long as it lives and never writes.
# A copy, because multiprocessing closes standard input in the processes that it makes.
LIFELINE = os.dup(0)

# The answer has standard output for itself: whatever a loop body prints goes nowhere.
ANSWER = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
if sys.version_info[0] > 2:
    # And whatever the locale: under LANG=C, 3.6 can print nothing but ASCII.
    sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)

FAILING = threading.Lock()


def fail():
    """Ends the process with the present exception, from any thread, without waiting for the others."""
    FAILING.acquire()  # never released: the first one speaks, alone
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(1)


PR_SET_PDEATHSIG = 1


def end_with_parent(forked_by=None, single=False):
    """Ends this process when the one who asked is gone, whatever became of it.

    `forked_by` is the process that made this one, if that is not the one who asked. The kernel sees to it where
    it can: the thread could not while a long call into C keeps the GIL. A fork does not inherit that. The
    thread sleeps in read(), without the GIL, until then: it takes no part in what is measured. With `single`
    there is no such thread where the kernel does it: a program with one thread is to have no second one.
    """
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
    # A parent that was gone before that sends no signal any more.
    if select.select([LIFELINE], [], [], 0)[0] or forked_by not in (None, os.getppid()):
        os._exit(1)
    if single and prctl is not None:
        return

    def watch():
        try:
            while os.read(LIFELINE, 1):
                pass
        finally:
            os._exit(1)

    start(watch)


def start(target, *args):
    """A thread that does not keep the process alive."""
    thread = threading.Thread(target=target, args=args)
    thread.daemon = True
    thread.start()
    return thread


def gil_enabled():
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def set_interval(seconds):
    """Sets how long a thread may keep the GIL while another waits; None leaves it as it is."""
    if seconds is None:
        return
    if hasattr(sys, "setswitchinterval"):
        sys.setswitchinterval(seconds)
    else:
        # 2.7 counts bytecodes: 100 by default, where its successors wait 5 ms. The same proportion.
        sys.setcheckinterval(min(max(1, int(round(seconds * 100 / 0.005))), 2 ** 31 - 1))


def decimal(value):
    """A whole number as text, since JSON readers differ in how large a number they take."""
    if not isinstance(value, (int, type(2 ** 100))):  # 2.7 has two types of them
        raise TypeError("x should be a whole number, but is now of type %s" % type(value).__name__)
    if not -2 ** 127 <= value < 2 ** 127:
        raise OverflowError("the value has outgrown 128 bits")
    return "%d" % value


def run(job):
    """Does the job that was asked for and ends the process."""
    try:
        answer = json.dumps(job(json.loads(sys.argv[1])))
        with os.fdopen(ANSWER, "w") as out:
            out.write(answer + "\n")
    except:  # noqa: E722 - SystemExit, too, is a job without an answer
        fail()
    # Not sys.exit: that would wait for threads.
    os._exit(0)
