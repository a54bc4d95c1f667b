#!/usr/bin/env python3
import shutil
import subprocess

import case

models = case.models()
WRITE = ["sh", "-c", f"echo x > {models}/new; /bin/sh -c 'echo x > {models}/new'; echo done"]


def guarded(path, what, **environment):
    result = case.run("--models-dir", models, "--fail-on-refusal", "--", *WRITE,
                      env=case.clean_environment(HFOFFLINE_SHIM=path, **environment))
    case.expect_code(result, 3, what)
    case.equal(result.out, "done\n", what)
    # Both shells: the path is handed on to the second.
    case.contains(result.err, "2 requests were refused", what)
    case.check(not (models / "new").exists(), f"{what}: the write went through")


def holds():
    for name in ("with blank", "with:colon", "with$LIB", "with\ttab"):
        directory = case.tmp / name
        directory.mkdir()
        shutil.copy(case.SHIM, directory / "libhfoffline.so")
        guarded(directory / "libhfoffline.so", f"a path {name}")

    noexec = case.tmp / "noexec"
    noexec.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "noexec", "none", noexec], check=True)
    try:
        shutil.copy(case.SHIM, noexec / "libhfoffline.so")
        guarded(noexec / "libhfoffline.so", "a noexec mount")
        # The directory of the run is no better: nothing can be done, and that is said.
        result = case.run("--", "echo", "ran", env=case.clean_environment(HFOFFLINE_SHIM=noexec / "libhfoffline.so", TMPDIR=noexec))
        case.expect_code(result, 125, "noexec everywhere")
        case.contains(result.err, "mounted noexec", "the message")
        case.contains(result.err, "set TMPDIR", "what to do")
        case.equal(result.out, "", "nothing is run")
        case.equal([p.name for p in noexec.iterdir()], ["libhfoffline.so"], "left behind")
    finally:
        subprocess.run(["umount", noexec], check=True)

    # The twin: an ordinary path.
    guarded(case.SHIM, "an ordinary path")


case.isolate("mount")
case.main(holds)
