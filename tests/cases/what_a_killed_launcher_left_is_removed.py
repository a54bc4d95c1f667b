#!/usr/bin/env python3
"""Directories of a run whose launcher was killed: the next run removes them, and nothing else."""
import fcntl
import os
import pathlib
import signal
import subprocess
import time

import case

MEMORY = pathlib.Path("/dev/shm")


def ended_pid():
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def abandoned(pid, tail, age=3600):
    """What the launcher `pid` left behind `age` seconds ago: its directory and its scratch."""
    name = f"hfoffline-run-{pid}-{tail}"
    directory = MEMORY / name
    directory.mkdir(0o700)
    (directory / "run-state").write_bytes(b"x")
    scratch = case.shared / f"{name}-scratch"
    (scratch / "deep").mkdir(parents=True)
    # Of whatever run cleans up: tests beside this one may be quicker, and have a TMPDIR of their own.
    (directory / "scratch-parent").symlink_to(case.shared)
    os.utime(directory, (time.time() - age,) * 2)
    return directory, scratch


def holds():
    # A killed launcher of ours, whose temporary directory is not that of the run that cleans up.
    elsewhere = case.shared / "elsewhere"
    models = case.tmp / "models"
    for directory in elsewhere, models:
        directory.mkdir()
    launcher = subprocess.Popen([case.HFOFFLINE, "run", "--quiet", "--models-dir", models, "--", "sh", "-c",
                                 "echo up; exec sleep 100"],
                                env={**case.clean_environment(), "TMPDIR": str(elsewhere)},
                                stdout=subprocess.PIPE, text=True, start_new_session=True)
    case.equal(launcher.stdout.readline(), "up\n", "the command")
    found = list(MEMORY.glob(f"hfoffline-run-{launcher.pid}-*"))
    case.equal(len(found), 1, "directories of the run")
    scratch = list(elsewhere.iterdir())
    case.equal(len(scratch), 1, "directories for its scratch")
    # Alive, however old: neither the pid nor the lock is free.
    os.utime(found[0], (0, 0))
    case.expect_code(case.run("--", "true"), 0, "a run beside it")
    case.check(found[0].exists(), "a live run's directory was removed")
    os.killpg(launcher.pid, signal.SIGKILL)
    launcher.wait()

    pid = ended_pid()
    left = [*abandoned(pid, "aaaaaa"), found[0], scratch[0]]
    young = abandoned(pid, "bbbbbb", age=0)
    alive = abandoned(os.getpid(), "cccccc")
    locked = abandoned(pid, "dddddd")
    lock = os.open(locked[0], os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    link = MEMORY / f"hfoffline-run-{pid}-eeeeee"
    link.symlink_to(young[0])
    kept = [*young, *alive, *locked, link]
    if os.geteuid() == 0:
        others = abandoned(pid, "ffffff")
        for path in others:
            os.chown(path, 65534, 65534)
        os.utime(others[0], (0, 0))
        kept += others
        # Nor is a scratch directory that is somebody else's.
        taken = abandoned(pid, "gggggg")
        os.chown(taken[1], 65534, 65534)
        left.append(taken[0])
        kept.append(taken[1])
    try:
        case.expect_code(case.run("--", "true"), 0, "the next run")
        for path in left:
            case.check(not path.exists(), f"{path} is still there")
        for path in kept:
            case.check(path.is_symlink() or path.is_dir(), f"{path} was removed")
    finally:
        os.close(lock)
        link.unlink(missing_ok=True)
        for path in kept + left:
            subprocess.run(["rm", "-rf", path], check=True)


case.main(holds)
