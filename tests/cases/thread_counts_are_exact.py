#!/usr/bin/env python3
"""64 threads that are refused at once: every refusal is counted, in the record, in the process and in the run."""
import re

import case
from programs import preload

models = case.models()


def summed(record):
    result = {}
    for line in case.record(record):
        key = (line["kind"], line["pid"], line["op"], line["target"])
        result[key] = max(result.get(key, 0), line["count"])
    totals = {}
    for (kind, *_), count in result.items():
        totals[kind] = totals.get(kind, 0) + count
    return totals


def holds():
    program = preload.program("hammering_threads")
    outside = case.tmp / "outside"
    outside.mkdir()

    record = case.tmp / "record"
    result = preload.shimmed(models, program, models, outside, 64, 500, record=record)
    case.equal(result.out, "connects 32000 opens 32000 names 4032 allowed 36032 children 0 wrong 0\n"
                           "own figures: egress 32000 write 32000 name 4032\n", f"64 threads: {result.err}")
    case.equal(summed(record), {"egress": 32000, "write": 32000, "name": 4032}, "the record")
    case.check(len(case.record(record)) < 1000, "the record is not flooded")

    # With forks in between: children begin to count anew, and nobody waits for a lock that a fork took along.
    record.unlink()
    result = preload.shimmed(models, program, models, outside, 16, 400, "fork", record=record)
    case.equal(result.out, "connects 6400 opens 6400 names 800 allowed 7200 children 128 wrong 0\n"
                           "own figures: egress 6400 write 6400 name 800\n", f"with forks: {result.err}")
    case.equal(summed(record), {"egress": 6528, "write": 6528, "name": 800}, "the record, with forks")

    result = case.run("--models-dir", models, "--", program, models, outside, 16, 400, "fork")
    case.check(re.search(r"13856 requests were refused", result.err), f"the run's total: {result.err}")


case.isolate("net")
case.main(holds)
