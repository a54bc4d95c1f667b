#!/usr/bin/env python3
import case
from programs import preload

models = case.models()


def holds():
    program = preload.program("racing_environment")
    for _ in range(3):
        result = preload.shimmed(models, program)
        # Bare, the kernel now and then finds an entry that is gone and says EFAULT; nobody crashes.
        case.check(result.code == 0 and result.out.endswith(" failed\n"), f"starts during changes: {result!r}")


case.main(holds)
