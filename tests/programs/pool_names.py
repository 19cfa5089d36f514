# right: two pools, the second with a prefix of its own
import threading
from concurrent.futures import ThreadPoolExecutor

def work(n):
    return "%s did %d" % (threading.current_thread().name, n)

with ThreadPoolExecutor(max_workers=1) as one, ThreadPoolExecutor(1, thread_name_prefix="io") as other:
    futures = [one.submit(work, 1), other.submit(work, 2), one.submit(work, 3)]
    for future in futures:
        print(future.result())
