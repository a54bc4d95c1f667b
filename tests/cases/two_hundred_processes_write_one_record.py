#!/usr/bin/env python3
"""No line is torn, none is lost, and the counts are exact."""
import collections
import json

import case

models = case.models()
PROGRAM = f"""
import os
def attempt(i):
    try:
        open({str(models)!r} + '/file-%03d' % i, 'w')
    except OSError:
        pass
start, go = os.pipe()
children = []
for i in range(200):
    pid = os.fork()
    if pid == 0:
        os.close(go)
        os.read(start, 1)
        for _ in range(5):
            attempt(i)
        attempt(999)
        os._exit(0)
    children.append(pid)
os.close(go)
codes = [os.waitpid(pid, 0)[1] for pid in children]
print(sum(codes))
"""


def holds():
    path = case.tmp / "record.jsonl"
    path.write_text('{"an earlier": "line"}\n')
    result = case.run("--models-dir", models, "--record", path, "--fail-on-refusal", "python3", "-c", PROGRAM)
    case.expect_code(result, 3, "the run")
    case.equal(result.out, "0\n", "exit codes of the processes")
    lines = case.record(path)
    case.equal(lines.pop(0), {"an earlier": "line"}, "what was in the file")
    # Five refusals are written at the 1st, 2nd and 4th, and the rest at the end.
    highest = collections.defaultdict(int)
    for line in lines:
        key = (line["pid"], line["target"])
        case.check(line["count"] > highest[key], f"counts do not grow: {line}")
        highest[key] = line["count"]
    case.equal(len({pid for pid, _ in highest}), 200, "processes")
    of_each = collections.Counter(highest.values())
    case.equal(of_each, collections.Counter({5: 200, 1: 200}), "counts per process and target")
    case.contains(result.err, "1200 requests were refused", "the total")
    case.contains(result.err, f"200x  {models}/file-999", "the group of all processes")
    case.lacks(result.err, "or more", "every count is exact")
    case.lacks(result.err, "could not be written", "losses")
    case.lacks(result.err, "cannot be read", "torn lines")
    case.contains(result.err, f"({len(lines) + 1} lines)", "lines of this run alone, and one for its end")
    runs = {line["run"] for line in lines}
    case.equal(len(runs), 1, "run names")
    json.dumps(lines)


case.main(holds)
