#!/usr/bin/env python3
"""Network names (getnetbyname) and commands on other machines (rcmd, rexec, ruserok) are looked up and reached inside libc."""
import pathlib
import socket
import threading

import case
import name_server
from programs import preload

NETWORKS = ["getnetbyname=example", "getnetbyname_r=example", "getnetbyaddr=192.0.2.0", "getnetbyaddr_r=192.0.2.0"]
REMOTE = ["rcmd", "rcmd_af", "rexec", "rexec_af"]


def answer():
    """A server that says "hello" to every command, on a port of its own."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()

    def serve():
        while True:
            connection, _ = listener.accept()
            received = b""
            while received.count(b"\0") < 4:
                received += connection.recv(100) or b"\0\0\0\0"
            connection.sendall(b"\0hello")
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def holds():
    program, models, record = preload.program("old_network"), case.models(), case.tmp / "record"
    name_server.use(hosts="127.0.0.1 here\n192.0.2.7 away\n")
    server = name_server.Server({})
    if not pathlib.Path("/etc/networks").exists():
        case.skip("there is no /etc/networks")
    networks = name_server.replace("/etc/networks", "loopback 127.0.0.0\n")
    # Where nothing is said of networks, glibc asks name servers.
    preload.bare(program, *NETWORKS)
    case.check(server.asked, "the name server is asked without the shim")
    server.asked.clear()

    def shimmed(*words, **options):
        return case.expect_code(preload.shimmed(models, program, *words, record=record, **options), 0, "the program").out.splitlines()

    case.equal({line.split(": ")[1] for line in shimmed(*NETWORKS)}, {"none, h_errno 1"}, "unknown networks")
    case.equal({(line["op"], line["target"]) for line in case.record(record)},
               {tuple(word.split("=")) for word in NETWORKS}, "recorded")
    record.unlink()
    networks.write_text("loopback 127\nexample 192.0.2 other # comment\n")
    case.equal({line.split(": ")[1] for line in shimmed(*NETWORKS, "getnetbyname=OTHER")}, {"example 3221225984"}, "networks of the file")
    name_server.replace("/etc/nsswitch.conf", "hosts: files dns\nnetworks: files # dns\n")
    case.equal(shimmed("getnetbyname=unknown"), ["getnetbyname unknown: none, h_errno 1"], "unknown network, # within the line")
    record.unlink()
    # Where name servers are not asked, nothing is refused.
    name_server.replace("/etc/nsswitch.conf", "hosts: files dns\nnetworks: files\n")
    case.equal({line.split(": ")[1] for line in shimmed("getnetbyname=unknown", "getnetbyaddr=198.51.100.0")},
               {"none, h_errno 1"}, "unknown networks, without name servers")
    case.check(not record.exists(), "nothing recorded")

    port = answer()
    # The twins: loopback, by address and by the hosts file's name; and localhost, which no file knows.
    for host in ("127.0.0.1", "here", "localhost"):
        words = [f"{name}={host}:{port}" for name in REMOTE]
        case.equal([line.split(": ")[1] for line in shimmed(*words)], ["hello"] * 4, f"commands on {host}")
    case.equal([line.split(": ")[1] for line in shimmed("ruserok=here", "ruserok_af=127.0.0.1")], ["-1", "-1"], "ruserok")
    case.check(not record.exists(), "nothing recorded")
    for host in ("192.0.2.7", "away", "unknown.example"):
        words = [f"{name}={host}:{port}" for name in REMOTE]
        case.equal({line.split(": ")[1] for line in shimmed(*words)}, {"ENETUNREACH"}, f"commands on {host}")
        target = host if host == "unknown.example" else f"192.0.2.7:{port}"
        case.equal({(line["op"], line["target"]) for line in case.record(record)}, {(name, target) for name in REMOTE}, "recorded")
        record.unlink()
    case.equal([line.split(": ")[1] for line in shimmed("ruserok=unknown.example", "ruserok_af=unknown.example")], ["-1", "-1"], "ruserok")
    case.equal({line["op"] for line in case.record(record)}, {"ruserok", "ruserok_af"}, "recorded")
    case.equal(server.asked, [], "names that the name server was asked for")


case.isolate("net", "mount")
case.main(holds)
