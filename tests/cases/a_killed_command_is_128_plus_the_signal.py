#!/usr/bin/env python3
import signal

import case


def holds():
    for name in ("TERM", "KILL", "INT", "SEGV", "USR1"):
        number = getattr(signal, f"SIG{name}")
        result = case.run("--", "sh", "-c", f"kill -{name} $$")
        case.expect_code(result, 128 + number, f"killed by SIG{name}")
        case.contains(result.err, "nothing was refused", "the summary comes all the same")


case.main(holds)
