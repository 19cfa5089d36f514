"""The classes of counter.py, words.py and seen.py beside this file, explored by frontrun: two threads, two iterations each, all
schedules. Then gilsim checks the same files, and both are timed from start to end.

    frontrun python compare.py path/to/gilsim
"""
import os
import subprocess
import sys
import time

import frontrun

HERE = os.path.dirname(os.path.abspath(__file__))
RUNS = 5


class Counter(object):
    def __init__(self):
        self.n = 0

    def work(self):
        for _ in range(2):
            self.n += 1


class Words(object):
    def __init__(self):
        self.counts = {}

    def work(self):
        for _ in range(2):
            self.counts["the"] = self.counts.get("the", 0) + 1


class Seen(object):
    def __init__(self):
        self.seen = []

    def work(self):
        for _ in range(2):
            self.seen.append(1)


CASES = (
    ("counter", Counter, lambda shared: shared.n == 4),
    ("words", Words, lambda shared: shared.counts["the"] == 4),
    ("seen", Seen, lambda shared: len(shared.seen) == 4),
)


def timed(f):
    begin = time.perf_counter()
    result = f()
    return time.perf_counter() - begin, result


def explored(cls, right):
    return frontrun.explore(
        setup=cls, workers=cls.work, count=2, invariant=right, stop_on_first=False, preemption_bound=None
    )


def checked(gilsim, name):
    command = [gilsim, "check", os.path.join(HERE, name + ".py"), "--cpython", "3.13", "--quiet", "--scope", "2"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[1]


for name, cls, right in CASES:
    ratios = []
    for _ in range(RUNS):
        theirs, result = timed(lambda: explored(cls, right))
        ours, verdict = timed(lambda: checked(sys.argv[1], name))
        ratios.append(ours / theirs)
    print(
        "%s: frontrun %s in %d schedules, %.3f s; gilsim %s, %.3f s; ratio %.3f (median of %d pairs)"
        % (
            name,
            "exact" if result.property_holds else "race",
            result.num_explored,
            theirs,
            verdict,
            ours,
            sorted(ratios)[RUNS // 2],
            RUNS,
        )
    )
