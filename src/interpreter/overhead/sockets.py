# A thread that sends a byte over the loopback interface and waits for its return from a second thread.
import socket


def echo(listener):
    connection, _ = listener.accept()
    try:
        while True:
            byte = connection.recv(1)
            if not byte:
                break
            connection.sendall(byte)
    finally:
        connection.close()


def serve(listener):
    try:
        echo(listener)
    except:  # noqa: E722 - the one who waits for its answer would hang
        fail()


def work(n):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1)
    server = start(serve, listener)
    line = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    line.connect(listener.getsockname())
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    answered = 0
    for number in range(n):
        line.sendall(b"%c" % (number % 256) if sys.version_info >= (3, 5) else chr(number % 256))
        answered += ord(line.recv(1))
    line.close()
    server.join()
    listener.close()
    return answered
