# A thread that writes a file of its own and reads it back, again and again.
import tempfile

BLOCK = b"0123456789abcdef" * 256


def work(n):
    handle, path = tempfile.mkstemp(prefix="gilsim-")
    os.close(handle)
    total = 0
    try:
        for number in range(n):
            with open(path, "wb") as out:
                out.write(BLOCK)
                out.write(BLOCK[:number % 100])
            with open(path, "rb") as back:
                data = back.read()
            total += len(data) + data.count(b"f")
    finally:
        os.unlink(path)
    return total
