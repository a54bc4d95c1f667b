#!/usr/bin/env python3
"""Writes system_calls.txt: the numbers of all system calls of a kernel, on each architecture the shim is for.

  list_system_calls.py 'Linux 7.2' x86_64=FILE aarch64=FILE > system_calls.txt

Each FILE is that architecture's asm/unistd_64.h. The newest are in the package linux-libc-dev of Debian
unstable, which has those of all architectures below usr/lib/linux/uapi.
"""

import re
import sys

ARCHITECTURES = ("x86_64", "aarch64")


def numbers(path):
    """{name: number} of a kernel's header."""
    with open(path) as file:
        return {name: int(number) for name, number in re.findall(r"(?m)^#define __NR_(\w+)\s+(\d+)$", file.read())}


def read_system_calls(path):
    """{name: {architecture: number}} of a file that this program has written."""
    calls = {}
    with open(path) as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, *columns = line.split()
                calls[name] = {architecture: int(number) for architecture, number in zip(ARCHITECTURES, columns)
                               if number != "-"}
    return calls


def main():
    kernel, given = sys.argv[1] if len(sys.argv) > 1 else "", dict(word.split("=", 1) for word in sys.argv[2:])
    if set(given) != set(ARCHITECTURES):
        sys.exit(__doc__)
    tables = [numbers(given[architecture]) for architecture in ARCHITECTURES]
    if not all(tables):
        sys.exit("a header without system calls")
    print("# The system calls of %s, as list_system_calls.py found them: name, numbers on %s." % (
        kernel, " and ".join(ARCHITECTURES)))
    for name in sorted(set().union(*tables)):
        print(name, *(table.get(name, "-") for table in tables))


if __name__ == "__main__":
    main()
