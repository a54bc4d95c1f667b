#!/usr/bin/env python3
"""What is said about refusals goes to the stderr the program was started with, or nowhere."""
import os
import subprocess

import case
from programs import preload

models = case.models()


def started(program, state, stderr, file="-"):
    """Like preload.shimmed, with a stderr of our choice and messages on; (exit code, stdout, record)."""
    record = case.tmp / f"record-{state}"
    environment = preload.environment(models, record)
    environment["HFOFFLINE_QUIET"] = "false"
    process = subprocess.run([program, models, str(file), state], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=stderr, text=True, timeout=60)
    return process.returncode, process.stdout, case.record(record)


def holds():
    program = preload.program("stderr_states")

    data = case.tmp / "data"
    with open(case.tmp / "stderr", "w") as stderr:
        code, out, lines = started(program, "data", stderr, data)
    case.equal((code, out, len(lines)), (0, "5 bytes of data\n", 38), "descriptor 2 is a data file")
    case.equal(data.read_text(), "data\n", "nothing of ours is in it")

    reader, writer = os.pipe()
    os.close(reader)
    code, out, lines = started(program, "closed-pipe", writer)
    os.close(writer)
    case.equal((code, out, len(lines)), (0, "SIGPIPE pending 0 blocked 0\nSIGPIPE pending 1 blocked 1\n", 78), "nobody reads stderr")

    reader, writer = os.pipe()
    code, out, lines = started(program, "full-pipe", writer)
    os.close(reader)
    os.close(writer)
    case.equal((code, out, len(lines)), (0, "did not wait\n", 198), "stderr is a full pipe")

    with open(case.tmp / "stderr", "w") as stderr:
        code, out, lines = started(program, "nothing", stderr)
    case.equal((code, out, len(lines)), (0, "the next descriptor is 2\n", 38), "stderr is closed")

    # The twin: an ordinary stderr gets a line per refusal.
    result = preload.shimmed(models, "sh", "-c", f"echo x > {models}/x", variables={"HFOFFLINE_QUIET": "false"})
    case.contains(result.err, "hfoffline: refused: ", "an ordinary stderr")


case.isolate("net")
case.main(holds)
