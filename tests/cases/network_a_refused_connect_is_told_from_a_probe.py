#!/usr/bin/env python3
"""Whether a refusal is a violation hangs on what the socket is: also where its number was another's before."""
import case

models = case.models()

REUSED = """
import ctypes, os, socket
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.fclose.argtypes = [ctypes.c_void_p]
stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
number = socket.socket(socket.AF_INET, socket.SOCK_DGRAM).detach()
libc.fclose(libc.fdopen(number, b"r+"))
assert os.dup2(stream.fileno(), number) == number if %(by_dup2)s else libc.dup(stream.fileno()) == number
again = socket.socket(fileno=number)
print(again.type.name, again.connect_ex(("192.0.2.1", 443)))
"""
PROBE = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 443))"


def kinds(program, code):
    record = case.tmp / "record.jsonl"
    record.unlink(missing_ok=True)
    case.expect_code(case.run("--models-dir", models, "--fail-on-refusal", "--record", record, "python3", "-c", program), code, program)
    return {line["kind"] for line in case.record(record)}


def holds():
    for by_dup2 in (False, True):
        case.equal(kinds(REUSED % {"by_dup2": by_dup2}, 3), {"egress"}, "a stream in a datagram socket's place")
    # The twin: a datagram socket pointed outside is none.
    case.equal(kinds("try:\n  " + PROBE + "\nexcept OSError: pass", 0), {"probe"}, "a datagram socket")


case.isolate("net")
case.main(holds)
