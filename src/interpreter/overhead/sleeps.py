# A thread that sleeps for half a millisecond, does a little and sleeps again.
def work(n):
    total = 0
    for number in range(n):
        time.sleep(0.0005)
        for item in range(50):
            total += item ^ number
    return total
