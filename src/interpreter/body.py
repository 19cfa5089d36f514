# A loop body, done by several threads at once to the one global x.
import ast

MODULE = """
import threading
x = 0
s = "a"
lock = threading.Lock()
def one():
    return 1
"""

WORK = """
def work(d, n):
    global x
    for _ in %s(n):
        pass
""" % ("range" if sys.version_info[0] > 2 else "xrange")  # 2.7's range is a list


def compile_work(body):
    """The function that repeats the body. Put in as a tree, not as text: no indentation can go wrong."""
    # By itself first: a return or a break would end the loop early and look like lost updates.
    compile(body, "<body>", "exec")
    work = ast.parse(WORK)
    statements = ast.parse(body, "<body>").body
    for statement in statements:
        # Below the loop's own line, as if it had been written there.
        ast.increment_lineno(statement, 4)
    function, = work.body
    function.body[1].body = statements or function.body[1].body
    return compile(work, "<body>", "exec")


def in_threads(work, deltas, n, raised=None):
    """Seconds from the first thread's start of work to the last one's end, by the threads' own clocks."""
    gate = Gate(len(deltas))
    spans = [None] * len(deltas)

    def worker(index):
        try:
            gate.wait()
            begin = clock()
            try:
                work(deltas[index], n)
            except Exception as error:
                if raised is None:
                    raise
                raised.append(type(error).__name__)
            spans[index] = (begin, clock())
        except:  # noqa: E722 - a thread that ends early must not pass for lost updates
            fail()

    threads = [start(worker, index) for index in range(len(deltas))]
    gate.let_go()
    for thread in threads:
        thread.join()
    return max(end for _, end in spans) - min(begin for begin, _ in spans)


def in_sequence(work, deltas, n):
    """The same work by one thread."""
    begin = clock()
    for delta in deltas:
        work(delta, n)
    return clock() - begin


def in_turns(work, deltas, n):
    """The same work by one thread, an iteration of each thread's in turn."""
    for _ in range(n):
        for delta in deltas:
            work(delta, 1)


def job(request):
    end_with_parent()
    code = compile_work(request["body"])
    setup = compile(request["setup"], "<setup>", "exec")
    n = request["iterations"]
    mixed = request["pattern"] == "plus_minus"
    deltas = [-1 if mixed and index % 2 else 1 for index in range(request["threads"])]

    look = compile((request["result"] or "x").strip(), "<result>", "eval")

    def once(workers, n=n):
        # A new module for each run: nothing that an earlier one left behind counts.
        module = {"__name__": "body"}
        exec(compile(MODULE, "<module>", "exec"), module)
        exec(setup, module)
        exec(code, module)
        first = module["x"]
        seconds = workers(module["work"], deltas, n)
        return first, module, seconds

    def number(value):
        if request["result"] and not isinstance(value, (int, type(2 ** 100))):
            raise TypeError("the result should be a whole number, but is of type %s" % type(value).__name__)
        return decimal(value)

    set_interval(request["interval"])
    def in_order(order, n):
        """What the work comes to by one thread, in an order of whole iterations, and how long it takes."""
        _, module, seconds = once(order, n)
        value = eval(look, module)
        number(value)
        return value, seconds

    def backwards(work, deltas, n):
        return in_sequence(work, deltas[::-1], n)

    def orders_apart():
        """Two values that a few iterations come to in two orders, if there are such."""
        for few in (1, 2):
            try:
                values = [in_order(order, few)[0] for order in (in_sequence, in_turns, backwards)]
            except Exception:  # what raises is told of the work as a whole
                return None
            for value in values:
                if value != values[0]:
                    return [values[0], value]
        return None

    expected = sequence = apart = None
    if request["sequence"]:
        apart = orders_apart()
    if not apart and (request["sequence"] or request["result"]):
        expected, sequence = in_order(in_sequence, n)
    if not apart and request["sequence"] and deltas[::-1] != deltas:
        other, _ = in_order(backwards, n)
        if other != expected:
            apart = [expected, other]
    if apart:
        return {
            "expected": decimal(apart[0]),
            "other_order": decimal(apart[1]),
            "sequence_seconds": None,
            "runs": [],
            "gil_enabled": gil_enabled(),
        }

    runs = []
    for _ in range(request["runs"]):
        raised = [] if request["raising"] else None
        first, module, seconds = once(lambda work, deltas, n: in_threads(work, deltas, n, raised))
        if sequence is None:
            expected = first + n * sum(deltas)
        try:
            value = eval(look, module)
        except Exception:
            if not raised:
                raise
            value = 0
        runs.append({"value": number(value), "seconds": seconds, "raised": raised[0] if raised else None})
        if request["stop_at_first_loss"] and (value != expected or raised):
            break
    return {
        "expected": decimal(expected),
        "sequence_seconds": sequence if request["sequence"] else None,
        "runs": runs,
        "gil_enabled": gil_enabled(),
    }


run(job)
