# How long a thread that waits for somebody else is held up by threads that only compute.
import socket


def echo(connection):
    """The other process: sends back what comes, and ends when the connection does."""
    try:
        while True:
            byte = connection.recv(1)
            if not byte:
                break
            connection.sendall(byte)
    finally:
        os._exit(0)


def fork_echo():
    """Forks the echo process; to be called before there is any second thread."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        echo(theirs)
    theirs.close()
    return ours, child


def ping(connection, pings):
    """The round trips in seconds, made by a thread of their own like any other worker."""
    trips = []

    def worker():
        try:
            for _ in range(pings):
                begin = clock()
                connection.sendall(b".")
                if not connection.recv(1):
                    raise EOFError("the echo process has gone away")
                # Whole nanoseconds: the clock has no more, and the answer stays short.
                trips.append(round(clock() - begin, 9))
        except:  # noqa: E722 - a missing round trip must not pass for a fast one
            fail()

    start(worker).join()
    return trips


def hogs(count):
    """Starts threads that compute until the returned list is emptied."""
    at_work = []
    running = [True]

    def hog():
        at_work.append(None)
        n = 0
        while running:
            n += 1

    for _ in range(count):
        start(hog)
    while len(at_work) < count:
        time.sleep(0.0005)
    return running


def job(request):
    connection, child = fork_echo()
    end_with_parent()
    # 2.7's count of bytecodes is no time, so there is nothing to set.
    if sys.version_info[0] > 2:
        set_interval(request["interval"])
    ping(connection, 1)  # the echo process has started by then
    idle = ping(connection, request["pings"])
    running = hogs(request["hogs"])
    loaded = ping(connection, request["pings"])
    del running[:]
    connection.close()
    os.waitpid(child, 0)
    return {"idle": idle, "loaded": loaded, "gil_enabled": gil_enabled()}


run(job)
