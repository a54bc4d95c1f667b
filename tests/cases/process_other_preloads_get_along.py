#!/usr/bin/env python3
"""jemalloc, libfaketime and fakeroot, before and after us (Debian: libjemalloc2 libfaketime fakeroot)."""
import pathlib
import shutil

import case
from programs import preload

models = case.models()
FINE = "child: 0 wrong\nparent: 0 wrong\n"


def library(pattern):
    return next((str(path) for root in ("/usr/lib", "/usr/lib64") for path in sorted(pathlib.Path(root).glob(pattern))), None)


def holds():
    program = preload.program("everyday_calls")
    outside = case.tmp / "outside"
    outside.mkdir()
    missing = []

    def both_orders(name, path, check):
        if path is None:
            missing.append(name)
            return
        for order in (f"{case.SHIM}:{path}", f"{path}:{case.SHIM}"):
            variables = {"KEEP": "1", "FAKETIME": "2001-02-03 04:05:06", "FAKETIME_DONT_RESET": "1"}
            result = preload.shimmed(models, program, models, outside, preload=order, variables=variables)
            case.equal((result.code, result.out, result.err), (0, FINE, ""), order)
            result = preload.shimmed(models, "sh", "-c", "echo $LD_PRELOAD; date +%Y; env -u LD_PRELOAD date +%Y", preload=order, variables=variables)
            lines = result.out.splitlines()
            case.equal(lines[0], f"{case.SHIM}:{path}", f"{order}: what children preload")
            check(lines, order)

    def faked(lines, order):
        # env -u takes it away, for libfaketime: it must be told that the list was changed on purpose.
        case.equal(lines[1], "2001", order)

    both_orders("jemalloc", library("**/libjemalloc.so.2"), lambda lines, order: case.check(lines[1] != "2001", order))
    both_orders("libfaketime", library("**/faketime/libfaketime.so.1"), faked)

    (outside / "file").write_text("")
    if shutil.which("fakeroot") is None:
        missing.append("fakeroot")
    elif case.command("fakeroot", "--", "chown", "1234", outside / "file").code != 0:
        missing.append("a fakeroot that works by itself in this namespace")
    else:
        change = f"chown 1234 {outside}/file && stat -c %u {outside}/file; chmod 777 {models}/hub 2>/dev/null || echo refused; echo $LD_PRELOAD"
        for command in ([case.HFOFFLINE, "run", "--quiet", "--models-dir", models, "--", "fakeroot", "--"],
                        ["fakeroot", "--", case.HFOFFLINE, "run", "--quiet", "--models-dir", models, "--"]):
            result = case.command(*command, program, models, outside, env=case.clean_environment(KEEP="1"))
            case.equal((result.code, result.out), (0, FINE), f"{command}: {result.err}")
            result = case.command(*command, "sh", "-c", change)
            lines = result.out.splitlines()
            case.equal(lines[:2], ["1234", "refused"], f"{command}: {result.err}")
            case.check(lines[2].startswith(f"{case.SHIM}:libfakeroot"), f"{command}: {lines[2]}")
    if missing:
        case.skip(f"not there: {', '.join(missing)}")


case.isolate("net")
case.main(holds)
