"""Read-only bind mounts and network namespaces for the calling process, without helper programs.

Everything here changes the calling process for good: call it in a forked child. As root the plain
namespaces are used; otherwise a user namespace comes first, in which the caller keeps its own uid and
loses the new privileges as soon as it runs a program. OSError says what is not permitted.
"""

import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
# Flags that a mount inside a user namespace must keep: (statvfs bit, mount bit).
KEPT_FLAGS = [(2, 2), (4, 4), (8, 8), (1024, 1024), (2048, 2048), (4096, 1 << 21)]

INTERFACE = "probe0"
OWN_ADDRESSES = ["10.99.0.1", "fd99::1"]

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, "%s: %s" % (what, os.strerror(error)))


def _mount(source, target, flags, kind=None):
    def encode(text):
        return None if text is None else os.fsencode(text)
    _check(_libc.mount(encode(source), encode(target), encode(kind), ctypes.c_ulong(flags), None),
           "mount %s" % target)


def enter(network):
    """New mount namespace, with private propagation, and if asked for a new network namespace."""
    flags = CLONE_NEWNS | (CLONE_NEWNET if network else 0)
    uid, gid = os.getuid(), os.getgid()
    if uid != 0:
        flags |= CLONE_NEWUSER
    _check(_libc.unshare(flags), "unshare")
    if uid != 0:
        with open("/proc/self/setgroups", "w") as file:
            file.write("deny")
        with open("/proc/self/uid_map", "w") as file:
            file.write("%d %d 1" % (uid, uid))
        with open("/proc/self/gid_map", "w") as file:
            file.write("%d %d 1" % (gid, gid))
    _mount("none", "/", MS_REC | MS_PRIVATE)


def make_read_only(directory):
    """Mounts a directory on itself, read-only: the kernel's own answer to every write below it."""
    kept = os.statvfs(directory).f_flag
    flags = sum(bit for known, bit in KEPT_FLAGS if kept & known)
    _mount(directory, directory, MS_BIND)
    _mount(None, directory, MS_REMOUNT | MS_BIND | MS_RDONLY | flags)
    if not os.statvfs(directory).f_flag & os.ST_RDONLY:
        raise OSError(0, "%s is still writable" % directory)


def replace_file(target, content, directory):
    """Shows `content` instead of an existing file, for this mount namespace."""
    target = os.path.realpath(target)
    path = os.path.join(directory, "instead-of-" + os.path.basename(target))
    with open(path, "w") as file:
        file.write(content)
    os.chmod(path, 0o644)
    _mount(path, target, MS_BIND)


def show(source, target):
    """Shows a directory, with what is mounted below it, at another place too."""
    os.makedirs(target, exist_ok=True)
    _mount(source, target, MS_BIND | MS_REC)


def hide_directory(target, directory):
    """Shows an empty directory instead of an existing one."""
    empty = os.path.join(directory, "empty")
    os.makedirs(empty, exist_ok=True)
    _mount(empty, os.path.realpath(target), MS_BIND)


def _set_flags(name, flags):
    SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14s", name.encode(), 0, b"")
        current = struct.unpack("16sH14s", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14s", name.encode(), current | flags, b""))


def loopback_up():
    _set_flags("lo", 1)


class _Netlink:
    """As much of rtnetlink as it takes to make one interface."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self.sequence = 0

    @staticmethod
    def attribute(kind, data):
        header = struct.pack("HH", 4 + len(data), kind)
        return header + data + b"\0" * (-len(data) % 4)

    def request(self, kind, body, what):
        NLM_F_REQUEST, NLM_F_ACK, NLM_F_EXCL, NLM_F_CREATE = 1, 4, 0x200, 0x400
        self.sequence += 1
        flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_EXCL | NLM_F_CREATE
        self.socket.send(struct.pack("IHHII", 16 + len(body), kind, flags, self.sequence, 0) + body)
        answer = self.socket.recv(65536)
        error = -struct.unpack_from("i", answer, 16)[0]
        if error:
            raise OSError(error, "%s: %s" % (what, os.strerror(error)))


def outside_interface():
    """An interface with an address and the default route, so that the outside looks reachable while
    nothing can leave. Returns a packet socket that sees what would have left."""
    RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE = 16, 20, 24
    IFF_UP, IFF_NOARP = 0x1, 0x80
    netlink = _Netlink()
    failure = None
    for kind in ("dummy", "veth"):
        information = netlink.attribute(1, kind.encode())
        body = (struct.pack("BxHiII", 0, 0, 0, 0, 0) + netlink.attribute(3, INTERFACE.encode() + b"\0")
                + netlink.attribute(18, information))
        try:
            netlink.request(RTM_NEWLINK, body, "adding a %s interface" % kind)
            break
        except OSError as error:
            failure = error
    else:
        raise failure
    for name in os.listdir("/proc/sys/net/ipv6/conf") if os.path.isdir("/proc/sys/net/ipv6/conf") else []:
        # Neighbour discovery would only add noise to what is seen leaving.
        for setting, value in (("accept_dad", "0"), ("router_solicitations", "0"), ("addr_gen_mode", "1")):
            try:
                with open("/proc/sys/net/ipv6/conf/%s/%s" % (name, setting), "w") as file:
                    file.write(value)
            except OSError:
                pass
    for _, name in socket.if_nameindex():
        if name not in ("lo", "sit0", "ip6tnl0", "tunl0"):
            _set_flags(name, IFF_UP | IFF_NOARP)
    index = socket.if_nametoindex(INTERFACE)
    for text in OWN_ADDRESSES:
        family = socket.AF_INET6 if ":" in text else socket.AF_INET
        address = socket.inet_pton(family, text)
        prefix = 64 if ":" in text else 24
        IFA_F_NODAD = 2
        try:
            netlink.request(
                RTM_NEWADDR,
                struct.pack("BBBBi", family, prefix, IFA_F_NODAD if ":" in text else 0, 0, index)
                + netlink.attribute(1, address) + netlink.attribute(2, address),
                "adding %s" % text)
            RT_TABLE_MAIN, RTPROT_STATIC, RTN_UNICAST = 254, 4, 1
            netlink.request(
                RTM_NEWROUTE,
                struct.pack("BBBBBBBBI", family, 0, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, 0, RTN_UNICAST, 0)
                + netlink.attribute(4, struct.pack("i", index)),
                "adding a default route")
        except OSError:
            if ":" not in text:
                raise  # a machine without IPv6 still has the rest
    watcher = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, socket.htons(3))
    watcher.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    watcher.bind((INTERFACE, 3))
    return watcher
