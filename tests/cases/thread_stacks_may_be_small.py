#!/usr/bin/env python3
import case
from programs import preload

models = case.models()


def holds():
    outside = case.tmp / "outside"
    outside.mkdir()
    (outside / "link").symlink_to(models)
    (models / "file").write_text("text")
    program = preload.program("small_stacks")
    record = case.tmp / "record"
    result = preload.shimmed(models, program, models, outside, record=record)
    case.equal(result.out, "0 wrong\n", f"with 16 KiB: {result.err}")
    case.check(len(case.record(record)) > 25, "all are recorded")
    # The twin: bare, the same calls go through.
    plain = preload.bare(program, models, outside)
    case.contains(plain.out, "call 3, thread: status 0x100", "bare")
    # libc's own getaddrinfo (call 2) may need more than there is.
    crashed = [line for line in plain.out.splitlines() if "status 0xb" in line and not line.startswith("call 2,")]
    case.equal(crashed, [], "bare")


case.isolate("net")
case.main(holds)
