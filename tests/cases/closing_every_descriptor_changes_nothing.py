#!/usr/bin/env python3
import case

models = case.models()


def holds():
    # Closes everything, stderr too, and goes on; then starts another program that does the same.
    program = f"""
import os, sys
os.closerange(0, 4096)
refused = 0
try:
    open({str(models)!r} + '/new', 'w')
except OSError as error:
    refused = error.errno
import socket
try:
    socket.create_connection(('10.1.2.3', 80), 2)
except OSError as error:
    refused += 1000 * error.errno
if len(sys.argv) > 1:
    os.execv(sys.executable, [sys.executable] + ['-c', sys.argv[1]])
os._exit(0 if refused == 101030 else 9)
"""
    path = case.tmp / "record.jsonl"
    result = case.run("--models-dir", models, "--record", path, "--", "python3", "-c", program, program)
    case.expect_code(result, 0, "the program and its successor")
    lines = case.record(path)
    case.equal(sorted((line["kind"], line["errno"]) for line in lines),
               [("egress", "ENETUNREACH")] * 2 + [("write", "EROFS")] * 2, "the record")
    case.contains(result.err, "4 requests were refused", "the summary")

    # A run whose own descriptors are closed: nothing of ours gets the numbers 0 to 2, and the command finds them closed.
    look = "import os; print(sorted(os.listdir('/proc/self/fd')), file=open({!r}, 'w'))"
    seen = case.tmp / "seen"
    for close in ("<&-", "<&- 2>&-", "<&- >&- 2>&-"):
        outcomes = []
        for launcher in ("", f"{case.HFOFFLINE} run --models-dir {models} --"):
            result = case.command("sh", "-c", f"exec {launcher} python3 -c \"{look.format(str(seen))}\" {close}")
            case.expect_code(result, 0, f"{launcher} {close}")
            outcomes.append(seen.read_text())
        case.equal(outcomes[1], outcomes[0], f"open descriptors with {close}")


case.isolate("net")
case.main(holds)
