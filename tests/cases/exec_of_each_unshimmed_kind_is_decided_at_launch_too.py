#!/usr/bin/env python3
"""Static, 32-bit, setuid, file-capability and memfd programs: at launch, and at exec in the run."""
import os
import struct

import case

HELLO = '#include <stdio.h>\nint main(void) { puts("ran"); return 0; }\n'
GO, STATIC, FOREIGN, PRIVILEGED = "asks the kernel itself", "linked statically", "another machine or word size", "setuid, setgid or has file capabilities"

# Starts a program of the run, by execve or by its descriptor.
STARTER = """
import os, sys
way, path = sys.argv[1:]
try:
    if way == "execve":
        os.execve(path, [path], os.environ)
    os.execve(os.open(path, os.O_RDONLY), [path], os.environ)
except OSError as error:
    print("not started:", error.strerror)
"""


def judged(name, path, text, runs=True, user=None, fds=()):
    options = {"user": user, "pass_fds": fds}
    starter = ["python3", "-c", STARTER]
    # At launch.
    result = case.run("--", path, **options)
    case.contains(result.err, f"warning: {path}: ", f"{name} at launch")
    case.contains(result.err, text, f"{name} at launch")
    if runs:
        case.equal(result.out, "ran\n", f"{name} at launch")
    for flags in (["--strict"], ["--unshimmed", "refuse"]):
        result = case.expect_code(case.run(*flags, "--", path, **options), 125, f"{name} at launch, {flags}")
        case.equal(result.out, "", f"{name} at launch, {flags}")
        case.contains(result.err, text, f"{name} at launch, {flags}")
    # In the run.
    for way in ("execve", "fexecve"):
        record = case.shared / f"record-{name}-{way}"
        result = case.run("--record", record, "--", *starter, way, path, **options)
        if runs:
            case.equal(result.out, "ran\n", f"{name} by {way}")
        case.contains(" ".join(result.err.split()), text, f"{name} by {way}")
        case.equal([line["verdict"] for line in case.record(record) if line["kind"] == "exec"], ["warn"], f"{name} by {way}: the record")
        result = case.run("--strict", "--", *starter, way, path, **options)
        case.equal(result.out, "not started: Permission denied\n", f"{name} by {way}, --strict")
        case.contains(" ".join(result.err.split()), text, f"{name} by {way}, --strict")
        case.equal(case.run("--unshimmed", "allow", "--quiet", "--", *starter, way, path, **options).err, "", f"{name} by {way}, allowed")


def memfd(path):
    """The program in a file without a name."""
    descriptor = os.memfd_create("program", 0)
    os.write(descriptor, path.read_bytes())
    return descriptor


def holds():
    static = case.c_program(HELLO, "-static", name="static")
    ordinary = case.c_program(HELLO, name="ordinary")
    judged("go", case.go_program(HELLO), GO)
    judged("static", static, STATIC)
    descriptor = memfd(static)
    judged("memfd", f"/proc/self/fd/{descriptor}", STATIC, fds=(descriptor,))
    # The twin: in a memfd, too, the shim enters an ordinary program.
    twin = memfd(ordinary)
    for command in ([f"/proc/self/fd/{twin}"], ["python3", "-c", STARTER, "execve", f"/proc/self/fd/{twin}"],
                    ["python3", "-c", STARTER, "fexecve", f"/proc/self/fd/{twin}"]):
        result = case.expect_code(case.run("--strict", "--", *command, pass_fds=(twin,)), 0, "an ordinary program in a memfd")
        case.equal(result.out, "ran\n", "an ordinary program in a memfd")

    foreign = case.tmp / "foreign"
    header = bytearray(static.read_bytes())
    header[4] = 1  # ELFCLASS32
    foreign.write_bytes(header)
    foreign.chmod(0o755)
    judged("32-bit", foreign, FOREIGN, runs=False)

    if os.geteuid() == 0:
        user = case.unprivileged()
        setuid = case.c_program(HELLO, name="setuid")
        setuid.chmod(0o4755)
        judged("setuid", setuid, PRIVILEGED, user=user)
        capable = case.c_program(HELLO, name="capable")
        try:
            # VFS_CAP_REVISION_2, effective; cap_net_bind_service
            os.setxattr(capable, "security.capability", struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0))
        except OSError:
            return
        judged("capabilities", capable, PRIVILEGED, user=user)


case.main(holds)
