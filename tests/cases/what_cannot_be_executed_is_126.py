#!/usr/bin/env python3
import struct

import case


def foreign_elf(name, machine, word_size):
    """A program header that says: for another machine. Nothing behind it is ever looked at."""
    ident = b"\x7fELF" + bytes([word_size, 1, 1]) + bytes(9)
    header = ident + struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0x400000, 64, 0, 0, 64, 56, 0, 0, 0, 0)
    path = case.tmp / name
    path.write_bytes(header + bytes(4096))
    path.chmod(0o755)
    return path


def holds():
    plain = case.script("echo hello\n", name="plain", mode=0o644)
    result = case.expect_code(case.run("--", plain), 126, "no x bit")
    case.contains(result.err, "permission denied", "the message")
    case.expect_code(case.run("--", case.tmp), 126, "a directory")
    result = case.expect_code(case.run("--", case.script("#!/no/such/shell\n", name="bad")), 126, "a missing interpreter")
    case.contains(result.err, "interpreter", "the message")
    # s390x, and 32-bit MIPS
    for path in (foreign_elf("s390x", 22, 2), foreign_elf("mips", 8, 1)):
        result = case.expect_code(case.run("--", path), 126, f"{path.name} program")
        case.contains(result.err, "for another machine or word size", "the warning before")
        case.contains(result.err, "not a program of this machine", "the message")
        result = case.expect_code(case.run("--strict", "--", path), 125, f"{path.name} program under --strict")
        case.contains(result.err, "not run, because of --strict", "the message under --strict")
    # The twin: a text without "#!" is a shell script for execvp(3), and so here.
    result = case.run("--quiet", "--", case.script("echo from sh: $0 $1\n", name="no-shebang"), "argument")
    case.equal((result.code, result.out), (0, f"from sh: {case.tmp}/no-shebang argument\n"), "a text without #!")


case.main(holds)
