#!/usr/bin/env python3
"""Times `hfoffline report` on a made record against `jq -c .` on the same file, one after the other in pairs.

The record is like that of a large test suite: some hosts and paths, many tests and processes, retry loops. Prints one line
per format: processor seconds of both (each has one thread; a busy machine disturbs them less), the ratio (budget: 1), and peak memory (budget: 300 MB). Exit status 0 whatever they are, as
with the other benches, except with --check.
"""
import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile

LINE = ('{"schema":1,"time":"2026-11-20T%02d:%02d:%02d.%03dZ","run":"691fa27d-%05x-2a1","pid":%d,"ppid":%d,"tid":%d,"exe":"/usr/bin/python3.11",'
        '"argv0":"python3","test":"tests/unit/test_module_%d.py::TestSomething::test_case_%d[parameter] (call)",%s,"verdict":"refuse",%s,"count":%d}\n')
KINDS = [
    ('"kind":"egress","op":"connect","target":"10.1.%d.%d:443","host":"host-%d.example.org","port":443,"errno":"ENETUNREACH"',
     '"reason":"egress_address","rule":"default"'),
    ('"kind":"name","op":"getaddrinfo","target":"huggingface-%d-%d.co","host":"huggingface-%d.co","port":null,"errno":"EAI_NONAME"',
     '"reason":"egress_name","rule":"default"'),
    ('"kind":"write","op":"openat","target":"/mnt/models/hub/models--org--name-%d/snapshots/5f3c%08x/file-%d.json","host":null,"port":null,"errno":"EROFS"',
     '"reason":"protected_tree","rule":"/home/ci/project/hfoffline.toml:2"'),
]
BUDGET_RATIO, BUDGET_MB = 1.0, 300


def make_record(path, lines):
    chooser = random.Random(1)
    # A block that is written over and over with another time and process would be found again by any cache: every line differs.
    with open(path, "w", encoding="ascii", buffering=1 << 20) as file:
        for start in range(0, lines, 1000):
            parts = []
            for i in range(start, min(start + 1000, lines)):
                what, why = KINDS[i % 3]
                a = chooser.randrange(200)
                what = what % (a, chooser.randrange(20), a)
                process = 1000 + i // 300 % 30000
                second = i // 400
                parts.append(LINE % (second // 3600 % 24, second // 60 % 60, second % 60, i % 1000, i // 500000, process, process - 1, process,
                                     i // 900 % 300, i // 30 % 40, what, why, 1 << i % 4))
            file.write("".join(parts))


def measure(command, path):
    """Processor seconds and peak memory in MB of a command that reads the file, its output thrown away."""
    process = subprocess.Popen([*command, path], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command} failed: {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--launcher", default="build/src/cli/hfoffline", help="the built hfoffline")
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--formats", default="text", help="separated by commas")
    parser.add_argument("--output", help="also write the table to this file")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a budget is missed")
    options = parser.parse_args()
    jq = shutil.which("jq")
    if jq is None:
        print("bench: jq is not installed; nothing to compare with")
        return 0
    with tempfile.TemporaryDirectory(prefix="hfoffline-bench-", dir=os.environ.get("TMPDIR", "/tmp")) as directory:
        path = os.path.join(directory, "record.jsonl")
        make_record(path, options.lines)
        size = os.path.getsize(path)
        rows, missed = [], False
        theirs = []
        for name in options.formats.split(","):
            ours, memory = [], 0.0
            for pair in range(options.pairs):
                seconds, peak = measure([options.launcher, "report", "--format", name], path)
                ours.append(seconds)
                memory = max(memory, peak)
                if len(theirs) <= pair:
                    theirs.append(measure([jq, "-c", "."], path)[0])
            ratio = statistics.median(o / t for o, t in zip(ours, theirs))
            met = ratio <= BUDGET_RATIO and memory <= BUDGET_MB
            missed = missed or not met
            rows.append(f"| {name} | {statistics.median(ours):.2f} s | {statistics.median(theirs):.2f} s | {ratio:.3f} | ≤ {BUDGET_RATIO:g} "
                        f"| {memory:.0f} MB | ≤ {BUDGET_MB} MB | {'met' if met else 'missed'} |")
    text = (f"`hfoffline report` on {options.lines:,} lines ({size / 1e9:.2f} GB), {options.pairs} pairs\n\n"
            "| format | report | `jq -c .` | ratio | budget | peak memory | budget | |\n|---|--:|--:|--:|--:|--:|--:|---|\n" + "\n".join(rows) + "\n")
    print(text)
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(text)
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
