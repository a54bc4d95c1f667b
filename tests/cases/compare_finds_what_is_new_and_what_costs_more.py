#!/usr/bin/env python3
import case

models = case.models()
PROGRAM = f"""
import sys, time
for name in sys.argv[3:]:
    try:
        open({str(models)!r} + '/' + name, 'w')
    except OSError:
        pass
memory = bytearray(int(sys.argv[1]) << 20)
for i in range(0, len(memory), 4096):
    memory[i] = 1
end = time.process_time() + float(sys.argv[2])
while time.process_time() < end:
    pass
"""


def record(name, megabytes, seconds, *files):
    path = case.tmp / f"{name}.jsonl"
    case.expect_code(case.run("--models-dir", models, "--record", path, "--", "python3", "-c", PROGRAM, megabytes, seconds, *files), 0, name)
    return path


def compare(*arguments, code=0):
    result = case.expect_code(case.hfoffline("compare", *arguments), code, f"compare {arguments}")
    for line in result.out.splitlines():
        case.check(len(line) < 80, f"{len(line)} columns: {line}")
    return result.out


def holds():
    base = record("base", 20, 0.2, "stays", "goes", "often")
    same = record("same", 20, 0.2, "stays", "goes", "often")
    # Generous thresholds: the machine may be busy.
    calm = ["--max-wall", "50", "--max-cpu", "50"]
    text = compare(*calm, base, same)
    case.check(text.startswith("hfoffline: no regression; base: 1 run, new: 1 run\n"), text)
    case.contains(text, "unchanged: 3 requests", "nothing changed")
    for what in ("wall time", "CPU time", "peak memory"):
        case.contains(text, what, "the costs")

    fewer = record("fewer", 20, 0.2, "stays", "often")
    text = compare(*calm, base, fewer)
    case.contains(text, f"  gone (1)\n    1x  write {models}/goes\n", "what is gone is no regression")
    text = compare(*calm, fewer, base, code=3)
    case.contains(text, f"  new (1)\n    1x  write {models}/goes\n", "what is new is one")
    more = record("more", 20, 0.2, "stays", "goes", "often", "often", "often")
    text = compare(*calm, base, more, code=3)
    case.contains(text, f"  more frequent (1)\n    1x to 3x  write {models}/often\n", "what is more frequent is one")
    compare(*calm, "--max-frequency", "3", base, more)

    large = record("large", 80, 0.2, "stays", "goes", "often")
    text = compare(*calm, base, large, code=3)
    case.contains(text, "1 regression", "memory")
    case.check("regression" in next(line for line in text.splitlines() if "peak memory" in line), text)
    compare(*calm, "--max-memory", "20", base, large)
    busy = record("busy", 20, 2.5, "stays", "goes", "often")
    text = compare("--max-wall", "50", "--max-cpu", "2", base, busy, code=3)
    case.check("regression" in next(line for line in text.splitlines() if "CPU time" in line), text)

    # Records without the line for the end of a run; files that are not there; wrong use.
    bare = case.tmp / "bare.jsonl"
    bare.write_text("".join(line + "\n" for line in base.read_text().splitlines() if '"kind":"run"' not in line))
    case.contains(compare(bare, same), "the base has no line for the end of a run: time and memory", "no end")
    compare(base, case.tmp / "missing", code=2)
    compare(base, code=2)
    compare(base, same, same, code=2)
    for wrong in ("0.5", "x", "-1", "1.2x"):
        compare("--max-wall=" + wrong, base, same, code=2)


case.main(holds)
