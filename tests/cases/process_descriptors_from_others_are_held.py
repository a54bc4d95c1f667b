#!/usr/bin/env python3
"""Descriptors that come over a Unix socket: a writable one into the tree can only be read, a connection to outside is none."""
import os
import socket
import subprocess
import threading

import case
from programs import preload


def connection(port, source_port=0):
    """A connection to a server that has the address 192.0.2.7 in this namespace."""
    server = socket.create_server(("192.0.2.7", port))
    client = socket.socket()
    client.bind(("192.0.2.8", source_port))
    client.connect(("192.0.2.7", port))
    accepted, _ = server.accept()
    return client, accepted


def received(models, record, descriptors):
    """What the program says of each; each is sent in the four ways to receive."""
    path = str(case.shared / "socket")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen()

    def send():
        peer, _ = listener.accept()
        for _ in range(4):
            socket.send_fds(peer, [b"x"], [d() if callable(d) else d for d in descriptors])
        peer.close()

    threading.Thread(target=send, daemon=True).start()
    result = case.expect_code(preload.shimmed(models, preload.program("receives"), path, record=record), 0, "the program")
    os.unlink(path)
    lines = result.out.splitlines()
    return [lines[i::len(descriptors)] for i in range(len(descriptors))]


def holds():
    models, record = case.models(), case.tmp / "record"
    inside, outside = models / "file", case.tmp / "file"
    for file in (inside, outside):
        file.write_text("0123456789")

    def opened(file, flags):
        def again():
            descriptor = os.open(file, flags)
            os.lseek(descriptor, 4, os.SEEK_SET)
            return descriptor
        return again

    found = received(models, record, [opened(inside, os.O_RDWR | os.O_APPEND), opened(inside, os.O_WRONLY), opened(inside, os.O_RDONLY),
                                      opened(outside, os.O_RDWR)])

    def lines(what, flags):
        return [f"{what}, flags {flags:x}, close-on-exec {n}" for n in (1, 0, 0, 0)]

    case.equal(found[0], lines("read 6, write EBADF", os.O_APPEND), "open for reading and writing in the tree")
    case.equal(found[1], lines("read 6, write EBADF", 0), "open for writing in the tree")
    case.equal(found[2], lines("read 6, write EBADF", 0), "open for reading in the tree")
    case.equal(found[3][0], lines("read 6, write done", 0)[0], "open for both beside the tree")
    case.equal(inside.read_text(), "0123456789", "the tree")
    case.equal({(line["op"], line["reason"], line["target"]) for line in case.record(record)},
               {(op, "protected_tree", str(inside)) for op in ("recvmsg", "recvmmsg")}, "recorded")
    record.unlink()


def holds_connections():
    # The addresses are this namespace's own when the connections are made, and gone when they are judged.
    for address in ("192.0.2.7", "192.0.2.8"):
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    models, record = case.models(), case.tmp / "record"
    client, accepted = connection(8443)
    loop = socket.create_server(("127.0.0.1", 0))
    near = socket.create_connection(loop.getsockname())
    unbound = socket.socket()
    for address in ("192.0.2.7", "192.0.2.8"):
        subprocess.run(["ip", "address", "del", f"{address}/32", "dev", "lo"], check=True)
    sockets = [client, accepted, near, unbound]
    found = [[line.split(",")[1].strip() for line in lines] for lines in received(models, record, [s.fileno() for s in sockets])]
    case.equal(found, [["not connected"] * 4, ["connected"] * 4, ["connected"] * 4, ["not connected"] * 4],
               "a connection to outside, one from outside, one on loopback, none")
    case.equal({(line["op"], line["reason"], line["target"]) for line in case.record(record)},
               {(op, "egress_address", "192.0.2.7:8443") for op in ("recvmsg", "recvmmsg")}, "recorded")


def both():
    holds()
    holds_connections()


case.isolate("net")
case.main(both)
