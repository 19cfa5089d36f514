# How long one program takes. Its file, which has defined work(n), stands before this one.
#
# A program with one thread is timed by the CPU clock: what else runs on the machine is none of its work. Threads
# that wait or share out their work are timed by the clock on the wall, because when they are done is the question.
cpu_clock = getattr(time, "process_time", getattr(time, "clock", None))  # clock is 2.7's, and CPU time on Unix


def alone(units):
    """Seconds of CPU time, and what the work comes to."""
    begin = cpu_clock()
    result = work(units)
    return cpu_clock() - begin, result


def together(shares):
    """Seconds from the first thread's start of work to the last one's end, and what their work comes to."""
    gate = Gate(len(shares))
    done = [None] * len(shares)

    def worker(index):
        try:
            gate.wait()
            begin = clock()
            result = work(shares[index])
            done[index] = (begin, clock(), result)
        except:  # noqa: E722 - a thread that ends early must not pass for a fast one
            fail()

    threads = [start(worker, index) for index in range(len(shares))]
    gate.let_go()
    for thread in threads:
        thread.join()
    seconds = max(end for _, end, _ in done) - min(begin for begin, _, _ in done)
    return seconds, sum(result for _, _, result in done)


def job(request):
    shares = request["shares"]
    end_with_parent(single=not request["threaded"])
    set_interval(request["interval"])
    # Code that has been run a few times may be specialised: that is how a program spends its life.
    work(max(1, min(shares) // 8))
    runs = []
    for _ in range(request["repetitions"]):
        runs.append(together(shares) if request["threaded"] else alone(shares[0]))
    results = set(result for _, result in runs)
    if len(results) != 1:
        raise ValueError("the same work came to different results: %s" % sorted(results))
    return {
        "seconds": [round(seconds, 9) for seconds, _ in runs],
        "result": decimal(results.pop()),
        "gil_enabled": gil_enabled(),
    }


run(job)
