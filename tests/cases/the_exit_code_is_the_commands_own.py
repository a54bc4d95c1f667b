#!/usr/bin/env python3
import case


def holds():
    for code in (0, 1, 7, 255):
        result = case.run("--", "sh", "-c", f"exit {code}")
        case.expect_code(result, code, f"sh -c 'exit {code}'")
    # The codes that are ours pass through as well when they are the command's.
    for code in (2, 3, 125, 126, 127):
        result = case.run("--quiet", "--strict", "sh", "-c", f"exit {code}")
        case.expect_code(result, code, f"sh -c 'exit {code}' under --strict")
    result = case.run("--quiet", "--", "echo", "--strict", "-h", "--")
    case.equal(result.out, "--strict -h --\n", "the command's own flags")


case.main(holds)
