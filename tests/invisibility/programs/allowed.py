"""What must stay allowed, in parts; each prints what it saw.   allowed.py --list | PART

MODELS is the cache. Each of these is allowed by the default policy, so it must come out as bare.
"""
import array
import errno
import fcntl
import mmap
import os
import pathlib
import pty
import select
import socket
import struct
import sys
import tempfile
import termios

MODELS = pathlib.Path(os.environ["MODELS"])
FILE = next(p for p in sorted(MODELS.rglob("config.json")))
OWN = {socket.AF_INET: "192.0.2.77", socket.AF_INET6: "fd99::77"}


def stream(family, address):
    with socket.create_server((address, 0), family=family) as server:
        with socket.create_connection(server.getsockname()[:2]) as client:
            accepted, peer = server.accept()
            with accepted:
                client.sendall(b"hello")
                print("stream", peer[0], accepted.recv(9))


def datagram(family, to, bound=None):
    with socket.socket(family, socket.SOCK_DGRAM) as a, socket.socket(family, socket.SOCK_DGRAM) as b:
        a.bind((bound or to, 0))
        target = (to, a.getsockname()[1])
        b.sendto(b"one", target)
        b.sendmsg([b"t", b"wo"], [], 0, target)
        b.connect(target)
        b.send(b"three")
        print("datagrams", [a.recvfrom(9)[0] for _ in range(3)])


def loopback():
    for address in ("127.0.0.1", "127.9.8.7", "localhost", "0.0.0.0"):
        stream(socket.AF_INET, address)
        datagram(socket.AF_INET, address)


def loopback_6():
    stream(socket.AF_INET6, "::1")
    datagram(socket.AF_INET6, "::1")
    datagram(socket.AF_INET6, "::")
    datagram(socket.AF_INET6, "::ffff:127.0.0.1")


def own_addresses():
    for family, address in OWN.items():
        stream(family, address)
        datagram(family, address)


def nobody_listens():
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as client:
            print(errno.errorcode[client.connect_ex((address, 1))])
        with socket.socket(family) as client:
            client.setblocking(False)
            print(errno.errorcode[client.connect_ex((address, 1))])
            select.select([], [client], [], 5)
            print(errno.errorcode[client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)])


def unix():
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        for name in ("socket", b"\0hfoffline-invisible-%d" % os.getpid()):
            with socket.socket(socket.AF_UNIX, kind) as server, socket.socket(socket.AF_UNIX, kind) as client:
                server.bind(name)
                if kind != socket.SOCK_DGRAM:
                    server.listen()
                client.connect(name)
                client.send(b"unix")
                end = server if kind == socket.SOCK_DGRAM else server.accept()[0]
                print(kind, end.recv(9))
                end.close()
            if isinstance(name, str):
                os.unlink(name)
    a, b = socket.socketpair()
    with a, b, open(FILE, "rb") as file:
        socket.send_fds(a, [b"x"], [file.fileno(), b.fileno()])
        _, descriptors, _, _ = socket.recv_fds(b, 9, 4)
        print(len(descriptors), os.read(descriptors[0], 1))
        a.sendmsg([b"c"], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack("3i", os.getpid(), os.getuid(), os.getgid()))])
        print(b.recv(9))


def options():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for level, option, value in ((socket.SOL_SOCKET, socket.SO_REUSEADDR, 1), (socket.SOL_SOCKET, socket.SO_BROADCAST, 1),
                                     (socket.IPPROTO_IP, socket.IP_TTL, 7), (socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1),
                                     (socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1), (socket.SOL_SOCKET, socket.SO_SNDBUF, 9999)):
            s.setsockopt(level, option, value)
            print(option, s.getsockopt(level, option))
        s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("224.1.2.3") + socket.inet_aton("127.0.0.1"))


def netlink():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW) as s:
        s.bind((0, 0))
        s.send(struct.pack("IHHIIB3x", 20, 18, 0x301, 1, 0, 0))  # all links
        print(len(s.recv(65536)) > 100, [name for _, name in socket.if_nameindex()])


def names():
    print(sorted({x[4][0] for x in socket.getaddrinfo("localhost", 80, socket.AF_INET)}), socket.gethostbyname("127.0.0.1"))
    print(socket.getaddrinfo("::1", "http", type=socket.SOCK_STREAM)[0][4], socket.getnameinfo(("127.0.0.1", 80), socket.NI_NUMERICHOST))
    print(socket.gethostname() == os.uname().nodename, socket.getservbyname("https"))


def siblings():
    for sibling in (pathlib.Path(f"{MODELS}X"), MODELS.parent / "model", MODELS.parent / ("a" + MODELS.name), MODELS.parent / f".{MODELS.name}"):
        sibling.mkdir()
        file = sibling / "file"
        file.write_text("text")
        os.link(file, sibling / "hard")
        os.symlink(FILE, sibling / "link")
        file.rename(sibling / "moved")
        os.chmod(sibling / "moved", 0o600)
        os.utime(sibling / "moved", (1, 2))
        os.truncate(sibling / "moved", 2)
        os.utime(sibling / "link", (1, 2), follow_symlinks=False)
        # Through the cache and out again, and by a relative path from inside of it.
        (MODELS / ".." / sibling.name / "dotted").write_text("x")
        os.chdir(MODELS)
        pathlib.Path("..", sibling.name, "relative").write_text("x")
        print(sibling.name.replace(MODELS.name, "M"), sorted(p.name for p in sibling.iterdir()))
        for path in sibling.iterdir():
            path.unlink()
        sibling.rmdir()


def reading():
    with open(FILE, "rb") as file:
        private = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
        first = private[:1]
        private[:1] = b"#"
        print(first, private[:1], FILE.read_bytes()[:1])
        private.close()
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with open(FILE, "rb") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError as error:
                print(errno.errorcode[error.errno])
        fcntl.lockf(file, fcntl.LOCK_SH)
        fcntl.ioctl(file, termios.FIONREAD, array.array("i", [0]))
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)
        with open("copy", "wb") as copy:
            print(os.sendfile(copy.fileno(), file.fileno(), 0, 9), os.copy_file_range(file.fileno(), copy.fileno(), 5, 0))
        with open(f"/proc/self/fd/{file.fileno()}", "rb") as again:
            print(again.read(1))
    print(os.access(FILE, os.R_OK), FILE.is_symlink(), len(list(MODELS.rglob("*"))) > 5)
    # On a read-only mount too, one that exists is created again without an error.
    os.close(os.open(FILE, os.O_RDONLY | os.O_CREAT))


def devices():
    for path, flags in (("/dev/null", os.O_RDWR), ("/dev/zero", os.O_RDWR), ("/dev/full", os.O_WRONLY), ("/dev/urandom", os.O_RDONLY), ("/dev/fd/1", os.O_WRONLY)):
        descriptor = os.open(path, flags | os.O_CLOEXEC)
        try:
            print(path, os.write(descriptor, b"\n") if flags != os.O_RDONLY else len(os.read(descriptor, 3)))
        except OSError as error:
            print(path, errno.errorcode[error.errno])
    print(bool(os.fstat(os.open("/dev/null", os.O_WRONLY | os.O_TRUNC | os.O_CREAT, 0o666))))
    with tempfile.TemporaryFile(dir="/dev/shm") as file:
        print(file.write(b"shared"))


def terminals():
    leader, follower = pty.openpty()
    os.write(leader, b"typed\n")
    print(os.read(follower, 9), os.isatty(follower))
    print(os.ttyname(follower).startswith("/dev/pts/"))
    with open(os.ttyname(follower), "w", encoding="ascii") as again:
        again.write("shown")
    pid, leader = pty.fork()
    if pid == 0:
        with open("/dev/tty", "w", encoding="ascii") as terminal:
            terminal.write("from the child")
        os._exit(3)
    text = b""
    try:
        while part := os.read(leader, 99):
            text += part
    except OSError:
        pass
    print(text, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def kernel_objects():
    memory = os.memfd_create("x")
    print(os.write(memory, b"x"), os.pread(memory, 1, 0), os.eventfd(1) > 0, len(os.pipe2(os.O_CLOEXEC)))
    with open(f"/proc/self/fd/{memory}", "r+b") as again:
        print(again.write(b"yy"))
    with open("/proc/self/comm", "w", encoding="ascii") as file:
        file.write("renamed")
    print(pathlib.Path("/proc/self/comm").read_text(encoding="ascii"))


PARTS = {name: f for name, f in list(globals().items()) if callable(f) and getattr(f, "__module__", "") == "__main__" and name not in ("stream", "datagram")}
if sys.argv[1:] == ["--list"]:
    print("\n".join(PARTS))
else:
    PARTS[sys.argv[1]]()
