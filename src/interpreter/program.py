# A whole program, as it stands, in a process of its own.
#
# Written for Python 2.7 and 3 alike. The arguments are the program's file and the switch interval in seconds. Nothing of
# this is left in the program's process: it is a fork that was made before any thread was started or anything but atexit, os
# and sys imported, and its module is __main__, from which multiprocessing takes functions by name.


def supervise(program):
    """Waits for the program's process and ends as it does; ends its whole group when the one who asked is gone."""
    import os
    import signal
    try:
        import _thread
    except ImportError:
        import thread as _thread

    def watch():
        try:
            # The other end is open for as long as the one who asked lives, and nothing is ever written there.
            while os.read(0, 1):
                pass
        finally:
            os.killpg(os.getpgrp(), signal.SIGKILL)

    _thread.start_new_thread(watch, ())
    status = os.waitpid(program, 0)[1]
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))


class ByThread(object):
    """A stream that each thread writes whole lines to, each behind a mark of that thread: what several print at once does not
    run into one another."""

    def __init__(self, stream, get_ident, mark):
        self.stream, self.get_ident, self.mark, self.begun, self.spaces = stream, get_ident, mark, {}, {}

    def write(self, text):
        thread = self.get_ident()
        lines = (self.begun.pop(thread, "") + text).split("\n")
        last = lines.pop()
        if last:
            self.begun[thread] = last
        if lines:
            self.stream.write("".join([self.mark(thread) + line + "\n" for line in lines]))
        return len(text)

    def finish(self):
        """Writes what no line end followed."""
        while self.begun:
            self.stream.write(self.begun.popitem()[1])

    # Whether the print statement of 2.7 puts a space before what it prints next.
    softspace = property(
        lambda self: self.spaces.get(self.get_ident(), 0),
        lambda self, space: self.spaces.__setitem__(self.get_ident(), space))

    def __getattr__(self, name):
        return getattr(self.stream, name)


def run():
    import atexit
    import os
    import sys
    try:
        from _thread import get_ident
    except ImportError:
        from thread import get_ident
    path, seconds = sys.argv[1], float(sys.argv[2])
    program = os.fork()
    if program:
        supervise(program)

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    with open(path, "rb") as text:
        source = text.read()
    if sys.version_info[0] > 2:
        # Under LANG=C, 3.6 can print nothing but ASCII.
        sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    elif not any(b"coding" in line for line in source.split(b"\n")[:2]):
        # 2.7 takes a file without a coding line for ASCII, every other version for UTF-8.
        source = b"\xef\xbb\xbf" + source
    sys.stdout = ByThread(sys.stdout, get_ident, lambda thread: "")
    main = get_ident()
    sys.stderr = ByThread(sys.stderr, get_ident, lambda thread: "%d\t" % (0 if thread == main else thread))
    atexit.register(sys.stdout.finish)
    code = compile(source, path, "exec", 0, True)
    if hasattr(sys, "setswitchinterval"):
        sys.setswitchinterval(seconds)
    else:
        # 2.7 counts bytecodes: 100 by default, where its successors wait 5 ms.
        sys.setcheckinterval(min(max(1, int(round(seconds * 100 / 0.005))), 2 ** 31 - 1))
    sys.argv[:] = [path]
    module = sys.modules["__main__"].__dict__
    builtins = module["__builtins__"]
    module.clear()
    module.update(__name__="__main__", __file__=path, __builtins__=builtins, __doc__=None, __package__=None)
    if sys.version_info[0] > 2:
        module.update(__spec__=None, __loader__=None, __cached__=None)
    exec(code, module)


run()
