import threading
import time


class Stats:
    def __init__(self):
        self.count = 0
        self.seconds = 0.0

    def record(self, seconds):
        self.count += 1
        self.seconds += float(seconds)


def handle(stats, requests):
    for _ in range(requests):
        began = time.perf_counter()
        time.sleep(0.001)
        stats.record(time.perf_counter() - began)


def main():
    stats = Stats()
    began = time.time()
    workers = [threading.Thread(target=handle, args=(stats, 50)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(f"{stats.count} requests, {stats.seconds / stats.count * 1000:.1f} ms each")
    print(f"took {time.time() - began:6.2f} s")


main()
