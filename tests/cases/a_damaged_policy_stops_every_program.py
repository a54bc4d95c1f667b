#!/usr/bin/env python3
"""Fail closed: a program that finds no sound policy does not run, and says so."""
import base64

import case


def holds():
    environment = case.run("--quiet", "--", "env").out.splitlines()
    policy = next(line.split("=", 1)[1] for line in environment if line.startswith("HFOFFLINE_POLICY="))
    raw = bytearray(base64.urlsafe_b64decode(policy + "=" * (-len(policy) % 4)))

    def encoded(data):
        return base64.urlsafe_b64encode(bytes(data)).decode().rstrip("=")

    def with_byte(position, value):
        return encoded(raw[:position] + bytes([raw[position] ^ value]) + raw[position + 1:])

    damaged = {
        "empty": "",
        "no base64": "*** not a policy ***",
        "truncated": policy[:len(policy) // 2],
        "one character less": policy[:-1],
        "something else": encoded(b"hello, this is something else altogether"),
        "another version": with_byte(8, 0x40),
        "a flipped bit in the middle": with_byte(len(raw) // 2, 1),
        "a flipped bit at the end": with_byte(len(raw) - 2, 1),
        "the wrong size": encoded(raw + b"\0\0\0\0"),
    }
    for what, text in damaged.items():
        for name, arguments in (("the shim", ["/bin/echo", "ran"]), ("the launcher", [case.HFOFFLINE, "run", "--", "echo", "ran"])):
            environment = case.clean_environment(HFOFFLINE_POLICY=text)
            if name == "the shim":
                environment["LD_PRELOAD"] = case.SHIM
                # Python would end as well.
                arguments = ["/usr/bin/env", "-i", f"HFOFFLINE_POLICY={text}", f"LD_PRELOAD={case.SHIM}"] + arguments
                environment.pop("LD_PRELOAD")
            result = case.expect_code(case.command(*arguments, env=environment), 125, f"{what}, {name}")
            case.equal(result.out, "", f"{what}, {name}: nothing is run")
            case.contains(result.err, "HFOFFLINE_POLICY", f"{what}, {name}: the message")
    # The shim without any policy at all.
    result = case.command("/usr/bin/env", "-i", f"LD_PRELOAD={case.SHIM}", "/bin/echo", "ran")
    case.expect_code(result, 125, "the shim alone")
    case.contains(result.err, "there is no policy", "the message")
    # The twin: the sound one.
    result = case.command("/usr/bin/env", "-i", f"HFOFFLINE_POLICY={policy}", f"LD_PRELOAD={case.SHIM}", "/bin/echo", "ran")
    case.equal((result.code, result.out), (0, "ran\n"), "the sound policy")


case.main(holds)
