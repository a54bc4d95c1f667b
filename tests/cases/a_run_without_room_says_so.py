#!/usr/bin/env python3
"""No room, no descriptors, a limit on files: a message and an exit code, never a signal."""
import os
import subprocess

import case


def limited(limit, *arguments, output=None):
    """A run under `ulimit LIMIT`; its stderr may be a file, which the limit is for as well."""
    line = f"ulimit {limit}; exec \"$@\"" + (f" 2>{output}" if output else "")
    return case.command("bash", "-c", line, "sh", case.HFOFFLINE, "run", *arguments)


def holds():
    models = case.models()
    # The build may be below /tmp: the launcher and the shim are opened before the mounts.
    launcher = os.open(case.HFOFFLINE, os.O_RDONLY)
    shim = os.open(case.SHIM, os.O_RDONLY)
    full = []
    for place in ("/dev/shm", "/tmp", "/var/tmp"):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,mode=1777", "none", place], check=True)
        full.append(place)
        with open(f"{place}/full", "wb", buffering=0) as file:
            try:
                file.write(bytes(16384))
            except OSError:
                pass
    environment = case.clean_environment(HFOFFLINE_SHIM=f"/proc/self/fd/{shim}")
    del environment["TMPDIR"]
    try:
        result = case.command(f"/proc/self/fd/{launcher}", "run", "--", "echo", "run", env=environment, cwd="/", pass_fds=[launcher, shim])
    finally:
        for place in full:
            subprocess.run(["umount", place], check=True)
    case.expect_code(result, 125, "no room anywhere")
    for part in ("no place for the directory of the run", "/dev/shm: No space left on device", "set TMPDIR"):
        case.contains(result.err, part, "no room anywhere")
    for place in full:
        case.equal(result.err.count(f"  {place}: "), 1, f"how often {place} is named")

    result = case.expect_code(limited("-n 3", "--", "echo", "run"), 125, "no descriptors")
    case.contains(result.err, "Too many open files", "no descriptors")
    case.contains(result.err, "raise the limit of open files (ulimit -n)", "no descriptors")
    for blocks in (0, 50):
        result = case.expect_code(limited(f"-f {blocks}", "--", "echo", "run"), 125, "a limit on files")
        case.contains(result.err, "File too large", "a limit on files")
        case.contains(result.err, "raise the limit of the size of files (ulimit -f)", "a limit on files")
    case.expect_code(limited("-f 0", "--", "echo", "run", output=case.tmp / "stderr"), 125, "stderr is a limited file, too")
    # The twins: room enough, and the command meets the limits as it would without us.
    case.expect_code(limited("-n 32", "--models-dir", models, "--strict", "--", "true"), 0, "32 descriptors")
    write = f"head -c 4000000 /dev/zero >{case.tmp}/large; echo $?"
    bare = case.command("bash", "-c", f"ulimit -f 2000; {write}")
    ours = limited("-f 2000", "--", "bash", "-c", write)
    case.expect_code(ours, 0, "a larger limit")
    case.equal(ours.out, bare.out, "a command over the limit")
    case.equal(ours.out, "153\n", "a command over the limit")

    # The models dir is not blamed for what the limit does.
    for count in (5, 6, 7):
        result = limited(f"-n {count}", "--models-dir", models, "--", "echo", "run")
        for part in ("I/O error", "stage it again", "give a directory that this user can list"):
            case.lacks(result.err, part, f"{count} descriptors")
        case.contains(result.err, "raise the limit of open files (ulimit -n)", f"{count} descriptors")
        case.equal(result.err.count("ulimit -n"), 1, f"{count} descriptors: said once")


case.isolate("mount")
case.main(holds)
