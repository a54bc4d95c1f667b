#!/usr/bin/python3
"""Runs a command where there is no network but lo, so that not even a broken shim could send.

usage: network_namespace.py COMMAND [ARGUMENT]...
       network_namespace.py --check     exit 0 if such a place can be made here
As a module: enter() moves the calling process there.
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys


def enter() -> bool:
    """Moves this process into a new network namespace, with a user namespace around it where that is
    needed, and brings lo up in it. False if neither is allowed here."""
    new_user, new_network = 0x10000000, 0x40000000
    uid, gid = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(new_network) != 0:
        if libc.unshare(new_user | new_network) != 0:
            return False
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    get_flags, set_flags, up = 0x8913, 0x8914, 0x1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = fcntl.ioctl(control, get_flags, struct.pack("16sH14x", b"lo", 0))
        flags = struct.unpack("16sH14x", request)[1]
        fcntl.ioctl(control, set_flags, struct.pack("16sH14x", b"lo", flags | up))
    return True


def main() -> int:
    try:
        entered = enter()
    except OSError:
        entered = False
    if sys.argv[1:] == ["--check"]:
        return 0 if entered else 1
    if not entered or len(sys.argv) < 2:
        print("network_namespace.py: no network namespace can be made here", file=sys.stderr)
        return 125
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
