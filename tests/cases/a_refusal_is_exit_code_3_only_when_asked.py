#!/usr/bin/env python3
import case

models = case.models()
WRITE = ["python3", "-c", f"""
import sys
try:
    open({str(models / 'x')!r}, 'w')
except OSError as error:
    print(error.errno)
sys.exit(int(sys.argv[1]))
"""]


def holds():
    result = case.expect_code(case.run("--models-dir", models, *WRITE, "0"), 0, "without asking")
    case.equal(result.out, "30\n", "the write is refused with EROFS")
    result = case.expect_code(case.run("--models-dir", models, "--fail-on-refusal", *WRITE, "0"), 3, "--fail-on-refusal")
    case.contains(result.err, "exit code 3", "the summary says where 3 comes from")
    case.contains(result.err, "--fail-on-refusal", "the summary names the flag")
    case.expect_code(case.run("--models-dir", models, "--strict", *WRITE, "0"), 3, "--strict")
    case.expect_code(case.run("--models-dir", models, "--strict", *WRITE, "9"), 9, "a failure keeps its code")
    # The twin: a run without a violation.
    reading = ["cat", case.sample_file(models)]
    case.expect_code(case.run("--models-dir", models, "--strict", *reading), 0, "only reading, --strict")
    # Asking for the own address is recorded, but is no violation.
    ask = ["python3", "-c", "import socket; s = socket.socket(2, 2)\ntry: s.connect(('8.8.8.8', 53))\nexcept OSError: pass"]
    result = case.expect_code(case.run("--strict", *ask), 0, "a probe")
    case.contains(result.err, "not counted: 1 datagram socket", "the summary has the probe")


case.isolate("net")
case.main(holds)
