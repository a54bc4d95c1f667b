#!/usr/bin/env python3
"""Four hundred thousand different requests with long names: counted, bounded, and said."""
import json

import case

LINES = 400000
MIB = 286  # 300 MB
LINE = ('{"schema":1,"time":"2026-11-20T18:%02d:%02d.123Z","run":"r%d","pid":%d,"ppid":6,"tid":7,"exe":"/usr/bin/python3.11","argv0":"python3",'
        '"test":"tests/test_%d.py::test_b (call)","kind":"write","op":"openat","target":"/m/%s-%d","host":null,"port":null,"errno":"EROFS","verdict":"refuse",'
        '"reason":"protected_tree","rule":"--models-dir","count":1}\n')


FEED = f"""
import sys
line = {LINE!r}
for start in range(0, {LINES}, 1000):
    sys.stdout.write("".join(line % (i // 60 % 60, i % 60, i % 7, i, i, "x" * 600, i) for i in range(start, start + 1000)))
"""
# A process starts with the peak of the one that started it, so that one must be small.
MEASURE = """
import resource, subprocess, sys
feed, output, *command = sys.argv[1:]
feeder = subprocess.Popen([sys.executable, "-c", feed], stdout=subprocess.PIPE)
with open(output, "wb") as file:
    code = subprocess.run(command, stdin=feeder.stdout, stdout=file).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def holds():
    for flags in (["json"], ["html"], ["junit", "--group-by", "test"], ["text", "--group-by", "process"]):
        output = case.tmp / "output"
        result = case.command("python3", "-c", MEASURE, FEED, output, case.HFOFFLINE, "report", "-", "--format", *flags, timeout=280)
        code, peak = map(int, result.out.split())
        case.equal(code, 0, f"exit code with {flags}")
        case.check(peak < MIB, f"peak memory with {flags}: {peak} MiB, more than {MIB}")
        print(f"peak memory with {flags}: {peak} MiB")
        if flags == ["json"]:
            report = json.loads(output.read_text())
            case.equal(report["totals"]["writes"], LINES, "the total")
            case.equal(report["totals"]["violations"], LINES, "violations")
            case.equal(report["totals"]["unlisted"] + sum(f["count"] for f in report["findings"]), LINES, "listed and unlisted")
            case.check(report["totals"]["unlisted"] > 0, "nothing was over the bounds: the case tests nothing")


case.main(holds)
