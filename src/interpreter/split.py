# The sum of a range, by processes that each take a part of it and put their subtotal on a queue.
import multiprocessing

try:
    from queue import Empty
    numbers = range
except ImportError:
    from Queue import Empty
    numbers = xrange  # noqa: F821 - 2.7's range is a list


def add_up(begin, end):
    # A loop on purpose: sum() would do it in C.
    s = 0
    for i in numbers(begin, end):
        s += i
    return s


def part(begin, end, queue, ready, gate, parent):
    end_with_parent(parent)
    # Ready, then wait: the gate opens for all at once when the parent closes its end.
    ready_in, ready_out = ready
    gate_in, gate_out = gate
    os.close(gate_out)
    os.close(ready_in)
    os.write(ready_out, b".")
    os.close(ready_out)
    os.read(gate_in, 1)
    started = clock()
    subtotal = add_up(begin, end)
    queue.put((subtotal, started, clock()))


def check(workers):
    """A worker that failed has no subtotal: without this the parent would wait for it for ever."""
    for number, worker in enumerate(workers, 1):
        if worker.exitcode:
            if worker.exitcode < 0:
                fate = "was killed by signal %d" % -worker.exitcode
            else:
                fate = "exited with status %d" % worker.exitcode
            raise RuntimeError("worker process %d of %d %s" % (number, len(workers), fate))


class Roll(object):
    """Calls who is still there, from half of the time allowed on: should the rest not suffice either, that was
    the last word on standard error."""

    def __init__(self, workers, timeout):
        self.workers = workers
        self.since = clock() + timeout / 2
        self.called = []

    def call(self):
        if clock() < self.since:
            return
        there = [number for number, worker in enumerate(self.workers, 1) if worker.is_alive()]
        if there and there != self.called:
            names = ", ".join(map(str, there[:10])) + (" and more" if len(there) > 10 else "")
            verb = "process %s of %d has" if len(there) == 1 else "processes %s of %d have"
            sys.stderr.write("worker %s not ended\n" % (verb % (names, len(self.workers))))
            sys.stderr.flush()
        self.called = there


def by_processes(begin, end, count, timeout):
    workers = []
    try:
        return with_workers(workers, begin, end, count, Roll(workers, timeout))
    finally:
        # After a failure the others are still there. They go first, so that the last word on standard error
        # is about what happened and not about a pipe that they find closed.
        for worker in workers:
            if worker.is_alive():
                os.kill(worker.pid, signal.SIGKILL)
                worker.join()


def with_workers(workers, begin, end, count, roll):
    # fork: this program has no file that a newly started interpreter could import.
    context = multiprocessing
    if hasattr(multiprocessing, "get_context"):
        context = multiprocessing.get_context("fork")
    queue = context.Queue()
    ready, gate = os.pipe(), os.pipe()
    edges = [begin + (end - begin) * index // count for index in range(count + 1)]
    asked = clock()
    for low, high in zip(edges, edges[1:]):
        worker = context.Process(target=part, args=(low, high, queue, ready, gate, os.getpid()))
        worker.start()
        workers.append(worker)
    os.close(gate[0])
    os.close(ready[1])
    come = 0
    while come < count:
        check(workers)
        roll.call()
        if select.select([ready[0]], [], [], 0.05)[0]:
            come += len(os.read(ready[0], count))
    startup = clock() - asked
    os.close(gate[1])

    # Taken off while the workers end: one whose subtotal does not fit the pipe cannot end before.
    results = []
    while any(worker.is_alive() for worker in workers):
        check(workers)
        roll.call()
        try:
            results.append(queue.get(timeout=0.01))
        except Empty:
            pass
    for worker in workers:
        worker.join()
    check(workers)
    # All that was put on the queue was put before this.
    queue.put("STOP")
    results.extend(iter(queue.get, "STOP"))
    if len(results) != count:
        raise RuntimeError("%d of %d subtotals came off the queue" % (len(results), count))

    total = sum(subtotal for subtotal, _, _ in results)
    seconds = max(ended for _, _, ended in results) - min(started for _, started, _ in results)
    return total, seconds, startup


def job(request):
    end_with_parent()
    begin, end, count = request["begin"], request["end"], request["processes"]
    if count is None:
        started = clock()
        total = add_up(begin, end)
        seconds, startup = clock() - started, 0.0
    else:
        total, seconds, startup = by_processes(begin, max(begin, end), count, request["timeout"])
    return {
        "total": decimal(total),
        "seconds": seconds,
        "startup_seconds": startup,
        "gil_enabled": gil_enabled(),
    }


run(job)
