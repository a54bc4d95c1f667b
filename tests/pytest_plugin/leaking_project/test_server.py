import socket
import subprocess
import sys
import threading

REPORT_USAGE = "import socket; socket.socket().connect_ex(('192.0.2.1', 443))"


def echo(server):
    connection, _ = server.accept()
    with connection:
        connection.sendall(connection.recv(100))


def test_echo_on_loopback():
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=echo, args=(server,)).start()
        with socket.create_connection(server.getsockname()) as client:
            client.sendall(b"hello")
            assert client.recv(100) == b"hello"


def test_worker_starts():  # leaks, from a child process
    assert subprocess.run([sys.executable, "-c", REPORT_USAGE]).returncode == 0


def test_names_of_this_machine():
    assert socket.gethostbyname("localhost") == "127.0.0.1"


def test_unix_socket():
    a, b = socket.socketpair()
    with a, b:
        a.sendall(b"x")
        assert b.recv(1) == b"x"
