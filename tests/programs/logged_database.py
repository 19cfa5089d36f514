# wrong: both read the value before either writes it back
import concurrent.futures
import logging
import sys
import threading
import time

log = logging.getLogger(__name__)

class Database:
    def __init__(self):
        self.value = 0

    def update(self, name):
        logging.info("Thread %s: starting update", name)
        local_copy = self.value
        local_copy += 1
        time.sleep(0.1)
        self.value = local_copy
        log.debug("%s is done by %s", name, threading.current_thread().name)

if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s: %(message)s", level=logging.INFO, datefmt="%H:%M:%S")
    database = Database()
    print("starting value", database.value, file=sys.stderr)
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as executor:
        for index in range(2):
            executor.submit(database.update, index)
    logging.info("Testing update. Ending value is %d.", database.value)
