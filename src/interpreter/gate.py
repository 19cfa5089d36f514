# Where threads that are to work at the same time begin together.


def usable_cpus():
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Gate(object):
    """Where the threads wait until all have come."""

    def __init__(self, workers):
        self.workers = workers
        self.come = []
        self.open = False
        self.event = threading.Event()
        # Without a GIL, and with a CPU for each, sleepers that are woken one by one would not overlap when
        # the work is short. With a GIL a spinner would only keep the others from coming.
        self.spinning = not gil_enabled() and workers <= usable_cpus()

    def wait(self):
        self.come.append(None)
        if self.spinning:
            while not self.open:
                pass
        else:
            self.event.wait()

    def let_go(self):
        while len(self.come) < self.workers:
            time.sleep(0.0005)
        self.open = True
        self.event.set()
