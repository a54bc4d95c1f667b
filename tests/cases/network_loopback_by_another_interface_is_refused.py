#!/usr/bin/env python3
"""A socket that has an interface by its link-local address would send to ::1 through it; what stays on the machine passes."""
import socket
import subprocess

import case

models = case.models()

CLIENT = """
import errno, socket, sys
own, number = sys.argv[1], int(sys.argv[2])
PORT = 9

def say(name, call, *arguments):
    try:
        call(*arguments)
        print(name, "passed")
    except OSError as error:
        print(name, errno.errorcode[error.errno])

def datagrams():
    return socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)

def bound(kind=socket.SOCK_DGRAM):
    result = socket.socket(socket.AF_INET6, kind)
    result.bind((own, 0, 0, number))
    return result

connected = datagrams()
connected.connect((own, PORT, 0, number))
for address in ("::1", "::", "127.0.0.1"):
    mapped = address if ":" in address else "::ffff:" + address
    say("bound, " + address, bound().sendto, b"x", (mapped, PORT))
    say("connected, " + address, connected.sendto, b"x", (mapped, PORT))
stream = bound(socket.SOCK_STREAM)
stream.settimeout(0.2)
stream.setblocking(False)
say("stream", stream.connect, ("::1", PORT))
say("neighbour", datagrams().sendto, b"x", ("fe80::77", PORT, 0, number))
print("stays")
say("::1", datagrams().sendto, b"x", ("::1", PORT))
say("127.0.0.1", socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto, b"x", ("127.0.0.1", PORT))
loopback = datagrams()
loopback.bind(("::1", 0))
say("bound to ::1", loopback.sendto, b"x", ("::1", PORT))
say("scope of the socket", bound().sendto, b"x", (own, PORT))
say("own address", datagrams().sendto, b"x", (own, PORT, 0, number))
"""


def own_address():
    for command in (["ip", "link", "add", "outside", "type", "veth", "peer", "name", "beyond"], ["ip", "link", "set", "beyond", "up"],
                    ["ip", "link", "set", "outside", "up"], ["ip", "-6", "addr", "add", "fe80::5/64", "dev", "outside", "nodad"],
                    ["ip", "-6", "route", "add", "default", "dev", "outside"]):
        made = subprocess.run(command, capture_output=True, text=True)
        if made.returncode != 0:
            case.skip(f"no second interface can be made here: {made.stderr.strip()}")
    return "fe80::5", str(socket.if_nametoindex("outside"))


def holds():
    own, index = own_address()
    bare = case.command("python3", "-c", CLIENT, own, index).out
    leaving, _, staying = bare.partition("stays\n")
    case.contains(leaving, "bound, ::1 passed", "bare")
    result = case.run("--models-dir", models, "--record", case.tmp / "record", "python3", "-c", CLIENT, own, index)
    inside_leaving, _, inside_staying = result.out.partition("stays\n")
    for line in inside_leaving.splitlines():
        case.check(line.endswith(" ENETUNREACH"), f"it would leave: {line}")
    case.equal(inside_staying, staying, "what stays on the machine")
    lines = case.record(case.tmp / "record")
    case.check(any(line.get("reason") == "egress_interface" and line["target"].endswith(f"interface {index}") for line in lines), f"recorded: {lines}")


case.isolate("net")
case.main(holds)
