#!/usr/bin/env python3
import collections

import case

models = case.models()
TARGETS, ROUNDS = 2000, 3

refused_often = f"""
for round in range({ROUNDS}):
    for i in range({TARGETS}):
        try:
            open({str(models)!r} + '/file-%d' % i, 'w')
        except OSError:
            pass
"""


def lines_about(text, what):
    return [line for line in text.splitlines() if line.startswith("hfoffline: refused:") and what in line]


def holds():
    record = case.tmp / "many.jsonl"
    result = case.expect_code(case.run("--models-dir", models, "--record", record, "python3", "-c", refused_often), 0, "many targets")
    case.equal(len(lines_about(result.err, "/file-")), TARGETS, "lines on stderr")
    highest = collections.Counter()
    for line in case.record(record):
        highest[line["target"]] = max(highest[line["target"]], line["count"])
    case.equal(collections.Counter(highest.values()), {ROUNDS: TARGETS}, "targets by their last count")

    # More than can be remembered: nothing is lost but the lines on stderr, and that is said.
    many = refused_often.replace(f"range({TARGETS})", "range(40000)").replace(f"range({ROUNDS})", "range(1)")
    record = case.tmp / "more.jsonl"
    result = case.expect_code(case.run("--models-dir", models, "--record", record, "python3", "-c", many), 0, "more targets")
    case.equal(len({line["target"] for line in case.record(record)}), 40000, "targets in the record")
    case.contains(result.err, "40000 requests were refused", "the total")
    case.equal(result.err.count("too many different targets"), 1, "said that lines are missing")
    case.check(len(lines_about(result.err, "/file-")) < 20000, "stderr is not flooded")

    # A name cannot write to the terminal.
    result = case.run("--models-dir", models, "python3", "-c", f"open({str(models)!r} + '/a\\x1b[31mred\\r\\n', 'w')")
    case.equal(len(lines_about(result.err, r"/a\x1B[31mred\x0D\x0A ")), 1, f"lines about an odd name in {result!r}")
    case.lacks(result.err, "\x1b[31m", "stderr")

    # A limit on the size of files raises a signal in whoever writes past it: never because of us.
    record = case.tmp / "limited.jsonl"
    script = f"ulimit -f 0; echo x > {models}/new; echo survived"
    result = case.run("--models-dir", models, "--record", record, "--strict", "bash", "-c", script)
    case.equal(result.out, "survived\n", f"with RLIMIT_FSIZE: {result!r}")
    case.expect_code(result, 125, "a lost record under --strict")
    case.contains(result.err, "1 record could not be written", "the loss")
    # The twin: the program's own write past the limit still raises it.
    result = case.run("--models-dir", models, "bash", "-c", f"trap 'echo caught' XFSZ; ulimit -f 0; echo x > {case.tmp}/own")
    case.contains(result.out, "caught", "the program's own signal")


case.main(holds)
