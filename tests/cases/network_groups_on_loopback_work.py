#!/usr/bin/env python3
"""Multicast over lo leaves nobody's machine; over anything else it is refused."""
import case

models = case.models()

# lo has no route for IPv6 groups.
LOCAL = """
import socket
lo = socket.inet_aton("127.0.0.1")
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("", 0))
receiver.settimeout(5)
receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.1.1.1") + lo)
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, lo)
sender.sendto(b"hello", ("239.1.1.1", receiver.getsockname()[1]))
print(receiver.recvfrom(9)[0].decode())
"""
ELSEWHERE = """
import errno, socket
for family, group in ((socket.AF_INET, "239.1.1.1"), (socket.AF_INET6, "ff11::77")):
    try:
        socket.socket(family, socket.SOCK_DGRAM).sendto(b"hello", (group, 9))
    except OSError as error:
        print(errno.errorcode[error.errno])
"""


def holds():
    case.equal(case.command("python3", "-c", LOCAL).out, "hello\n", "bare")
    result = case.run("--models-dir", models, "--strict", "python3", "-c", LOCAL)
    case.equal(case.expect_code(result, 0, "over lo").out, "hello\n", "over lo")
    result = case.run("--models-dir", models, "--strict", "python3", "-c", ELSEWHERE)
    case.equal(case.expect_code(result, 3, "elsewhere").out, "ENETUNREACH\nENETUNREACH\n", "elsewhere")


case.isolate("net")
case.main(holds)
