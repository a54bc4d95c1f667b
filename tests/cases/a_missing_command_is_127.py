#!/usr/bin/env python3
import case


def holds():
    result = case.expect_code(case.run("--", "no-such-command"), 127, "not in PATH")
    case.contains(result.err, "no-such-command: command not found", "the message")
    case.expect_code(case.run("--", "/no/such/command"), 127, "an absolute path")
    case.expect_code(case.run("--", "./nothing"), 127, "a relative path")
    case.expect_code(case.run("--", ""), 127, "an empty name")
    # PATH is the one the command will have.
    directory = case.tmp / "bin"
    directory.mkdir()
    case.script("#!/bin/sh\necho found\n", name="bin/only-here")
    case.expect_code(case.run("--", "only-here"), 127, "not in our PATH")
    result = case.run("--quiet", "--set", f"PATH={directory}:/usr/bin:/bin", "--", "only-here")
    case.equal((result.code, result.out), (0, "found\n"), "in the PATH that --set gives")


case.main(holds)
