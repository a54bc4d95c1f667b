#!/usr/bin/env python3
"""Four hundred thousand different requests with long names: counted, bounded, and said."""
import json
import resource
import subprocess
import threading

import case

LINES = 400000
MIB = 300
LINE = ('{"schema":1,"time":"2026-11-20T18:%02d:%02d.123Z","run":"r%d","pid":%d,"ppid":6,"tid":7,"exe":"/usr/bin/python3.11","argv0":"python3",'
        '"test":"tests/test_%d.py::test_b (call)","kind":"write","op":"openat","target":"/m/%s-%d","host":null,"port":null,"errno":"EROFS","verdict":"refuse",'
        '"reason":"protected_tree","rule":"--models-dir","count":1}\n')


def feed(pipe):
    with pipe:
        for start in range(0, LINES, 1000):
            pipe.write("".join(LINE % (i // 60 % 60, i % 60, i % 7, i, i, "x" * 600, i) for i in range(start, start + 1000)))


def holds():
    for name in ("json", "html", "junit"):
        process = subprocess.Popen([case.HFOFFLINE, "report", "--format", name, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   env=case.clean_environment())
        feeder = threading.Thread(target=feed, args=(process.stdin,))
        feeder.start()
        output = process.stdout.read()
        feeder.join()
        case.equal(process.wait(), 0, f"exit code with {name}")
        if name == "json":
            report = json.loads(output)
            case.equal(report["totals"]["writes"], LINES, "the total")
            case.equal(report["totals"]["violations"], LINES, "violations")
            case.equal(report["totals"]["unlisted"] + sum(f["count"] for f in report["findings"]), LINES, "listed and unlisted")
            case.check(report["totals"]["unlisted"] > 0, "nothing was over the bounds: the case tests nothing")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    case.check(peak < MIB, f"peak memory {peak:.0f} MiB, more than {MIB}")
    print(f"peak memory {peak:.0f} MiB")


case.main(holds)
