#!/usr/bin/env python3
import case

models = case.models()
ROUNDS = 100

LOOP = """
import os, subprocess
for i in range(%d):
    try:
        open(%r + '/file', 'w')
    except OSError:
        pass
    %s
"""
STARTS = {
    "vfork and exec": "subprocess.run(['/bin/true'], close_fds=False)",
    "fork and exec": "subprocess.run(['/bin/true'], preexec_fn=lambda: None)",
    "posix_spawn": "os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)",
    "nothing": "pass",
}


def holds():
    for name, start in STARTS.items():
        record = case.tmp / "record.jsonl"
        record.unlink(missing_ok=True)
        result = case.run("--models-dir", models, "--record", record, "python3", "-c", LOOP % (ROUNDS, str(models), start))
        case.expect_code(result, 0, name)
        case.equal([line["count"] for line in case.record(record)], [1, 2, 4, 8, 16, 32, 64, ROUNDS], f"counts with {name}")
        case.contains(result.err, f"{ROUNDS} requests were refused", "the total")


case.main(holds)
