#!/usr/bin/env python3
import shutil
import subprocess

import case


def holds():
    environment = case.clean_environment
    result = case.run("--", "echo", "ran", env=environment(HFOFFLINE_SHIM=case.tmp / "gone.so"))
    case.expect_code(result, 125, "a missing shim")
    case.contains(result.err, f"{case.tmp}/gone.so", "the path")
    case.contains(result.err, "unset HFOFFLINE_SHIM", "what to do")
    case.equal(result.out, "", "nothing is run")
    for value in ("", case.tmp):
        result = case.expect_code(case.run("--", "echo", "ran", env=environment(HFOFFLINE_SHIM=value)), 125, f"HFOFFLINE_SHIM={value}")
        case.contains(result.err, "is not there, or is no file", "the message")

    # An installation without its shim.
    alone = case.tmp / "bin"
    alone.mkdir()
    shutil.copy(case.HFOFFLINE, alone / "hfoffline")
    result = case.command(alone / "hfoffline", "run", "--", "echo", "ran")
    case.expect_code(result, 125, "no shim beside the launcher")
    case.contains(result.err, "looked at", "where it was looked for")
    case.equal(result.out, "", "nothing is run")
    # And with it, in each place it may be installed to.
    for place in ("lib/hfoffline", "lib/x86_64-linux-gnu/hfoffline", "lib/aarch64-linux-gnu/hfoffline", "shim"):
        if place.startswith("lib/") and "gnu" in place and __import__("platform").machine() not in place:
            continue
        directory = case.tmp / place
        directory.mkdir(parents=True)
        shutil.copy(case.SHIM, directory / "libhfoffline.so")
        case.expect_code(case.command(alone / "hfoffline", "run", "--", "true"), 0, f"installed in {place}")
        shutil.rmtree(directory)

    # A file that is no shim: the loader ignores it, the check-in is missed, and the exit code is ours.
    junk = case.tmp / "junk.so"
    junk.write_text("this is no shared object")
    for command, code in ((["echo", "ran"], 125), (["sh", "-c", "exit 7"], 125), (["sh", "-c", "kill -9 $$"], 137)):
        result = case.expect_code(case.run("--", *command, env=environment(HFOFFLINE_SHIM=junk)), code, f"junk, {command}")
        case.contains(result.err, "the shim never came up", "the message")
    # A library that loads but is not the shim.
    compiled = case.c_program("int unused;", "-shared", "-fPIC", name="other.so")
    result = case.expect_code(case.run("--", "echo", "ran", env=environment(HFOFFLINE_SHIM=compiled)), 125, "another library")
    case.contains(result.err, "the shim never came up", "the message")

    closed = case.tmp / "closed.so"
    shutil.copy(case.SHIM, closed)
    closed.chmod(0o000)
    if subprocess.run(["setpriv", "--version"], capture_output=True).returncode == 0:
        result = case.run("--", "echo", "ran", env=environment(HFOFFLINE_SHIM=closed), user=case.unprivileged())
        case.expect_code(result, 125, "a shim that this user cannot read")
        case.contains(result.err, "cannot be read (Permission denied)", "the message")


case.main(holds)
