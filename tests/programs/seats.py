# right: 1 booking
import threading

seats = [None] * 3
bookings = []

def book(number, who):
    if seats[number] is None:
        print("seat %d is free for %s" % (number, who))
        seats[number] = who
        bookings.append(who)

threads = [threading.Thread(target=book, args=(1, who)) for who in ("ann", "bob")]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(bookings))
