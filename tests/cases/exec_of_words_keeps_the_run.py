#!/usr/bin/env python3
"""wordexp starts a shell inside libc, with `environ`."""
import case
from programs import preload


def holds():
    models = case.models()
    program = preload.program("inside_libc")
    result = case.expect_code(preload.shimmed(models, program, "wordexp:$(echo $HF_HUB_CACHE:$LD_PRELOAD)", "wordexp:a$((1+1))"), 0, "the program")
    case.equal(result.out, f"{case.hub(models)}:{case.SHIM}\na2\n", "what the shell sees, and plain words")
    record = case.tmp / "record"
    result = case.command(program, "wordexp:$(touch made)", cwd=case.tmp, env=preload.environment(models, record))
    case.check((case.tmp / "made").exists(), "the shell runs")


case.main(holds)
