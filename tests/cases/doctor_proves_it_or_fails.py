#!/usr/bin/env python3
"""With a broken shim the doctor must fail, and nothing may be sent: counted at a device that stands for the outside."""
import re
import socket
import subprocess

import case

wire = None
total = []

ACTIVE = r"""
char* getenv(const char*);
int atoi(const char*);
long write(int, const void*, unsigned long);
int close(int);
int hfoffline_active(void) { return 1; }
const char* hfoffline_version(void) { return "fake"; }
unsigned long hfoffline_refusal_count(int kind) { static unsigned long n; return kind == 0 ? n++ : 0; }
__attribute__((constructor)) static void start(void) {
  const char* text = getenv("HFOFFLINE_CHECKIN");
  if (text) { write(atoi(text), "1", 1); close(atoi(text)); }
}
"""
HOOKS = r"""
void* dlsym(void*, const char*);
#define PASS(name, ...) long name(long a, long b, long c, long d, long e, long f, long g) { \
  static long (*next)(long, long, long, long, long, long, long); \
  if (!next) next = dlsym((void*)-1l, #name); return next(a, b, c, d, e, f, g); }
PASS(connect) PASS(sendto) PASS(sendmsg) PASS(sendmmsg) PASS(getaddrinfo) PASS(gethostbyname) PASS(syscall)
"""


def outside_device():
    """A device with a default route, in this namespace: what is sent is counted there and goes nowhere."""
    for command in (["ip", "link", "add", "outside", "type", "veth", "peer", "name", "beyond"], ["ip", "link", "set", "beyond", "up"],
                    ["ip", "addr", "add", "198.51.100.2/24", "dev", "outside"], ["ip", "link", "set", "outside", "up"],
                    ["ip", "neigh", "add", "198.51.100.1", "lladdr", "02:00:00:00:00:01", "dev", "outside"],
                    ["ip", "route", "add", "default", "via", "198.51.100.1"]):
        if subprocess.run(command, capture_output=True).returncode != 0:
            return False
    return True


def sent():
    """IPv4 packets that went out, loopback aside (the devices' own counters have IPv6's neighbour discovery too)."""
    wire.settimeout(0.2)
    count = 0
    while wire:
        try:
            packet = wire.recv(2000)
        except TimeoutError:
            break
        count += packet[12:14] == b"\x08\x00"
    total.append(count)
    return sum(total)


def holds():
    global wire
    if not outside_device():
        case.skip("no virtual network device: packets cannot be counted here")
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    wire.bind(("beyond", 0))
    before = sent()
    # The counter works.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(b"x", ("192.0.2.1", 53))
    case.equal(sent(), before + 1, "packets counted")
    before += 1
    result = case.expect_code(case.hfoffline("doctor"), 0, "doctor with the shim")
    for part in ("ok    shim: ", "ok    live: the shim loads and checks in", "ok    live: connect, send*",
                 "ok    live: an outside address is refused", "ok    live: libcurl cannot reach huggingface.co", "ok    live: libcurl reaches a server",
                 "everything required holds", "docs/limits.md"):
        case.contains(result.out, part, "doctor")
    took = float(re.search(r"huggingface\.co.*?\(([\d.]+) ms\)", " ".join(result.out.split())).group(1))
    case.check(took < 1000, f"libcurl was refused after {took} ms")
    for line in result.out.splitlines():
        case.check(len(line) <= 80 or str(case.tmp) in line or case.BUILD in line, f"{len(line)} columns: {line}")
    case.equal(sent(), before, "packets sent with the shim")

    # Settings of this shell must not open the probe's door.
    env = case.clean_environment(HFOFFLINE_MODE="audit", HFOFFLINE_ALLOW="0.0.0.0/0,huggingface.co")
    (case.tmp / "hfoffline.toml").write_text('[egress]\nmode = "audit"\n')
    case.expect_code(case.hfoffline("doctor", env=env), 0, "doctor among settings that allow everything")
    case.equal(sent(), before, "packets sent among settings that allow everything")
    (case.tmp / "hfoffline.toml").unlink()

    broken = {
        "inside": ("int unused;", "the shim does not come up"),
        "hooks": (ACTIVE, "does not lead into the shim"),
        "connect": (HOOKS + ACTIVE, "an outside address is not refused"),
    }
    for name, (source, message) in broken.items():
        library = case.c_program(source, "-shared", "-fPIC", "-w", name=f"{name}.so")
        result = case.expect_code(case.hfoffline("doctor", env=case.clean_environment(HFOFFLINE_SHIM=library)), 1, f"doctor, broken: {name}")
        case.contains(" ".join(result.out.split()), message, f"doctor, broken: {name}")
        case.contains(result.out, "FAIL  ", f"doctor, broken: {name}")
        case.lacks(result.out, "everything required holds", f"doctor, broken: {name}")
        case.equal(sent(), before, f"packets sent with a shim broken at {name}")
    result = case.expect_code(case.hfoffline("doctor", env=case.clean_environment(HFOFFLINE_SHIM="/gone.so")), 1, "doctor without a shim")
    case.contains(result.out, "FAIL  the shim \"/gone.so\"", "doctor without a shim")

    # No loopback, no proof.
    if subprocess.run(["ip", "link", "set", "lo", "down"], capture_output=True).returncode == 0:
        result = case.expect_code(case.hfoffline("doctor"), 1, "doctor without loopback")
        case.contains(result.out, "ip link set lo up", "what to do")
        case.equal(sent(), before, "packets sent without loopback")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)

    result = case.expect_code(case.hfoffline("doctor", env=case.clean_environment(LD_PRELOAD="/other.so", HFOFFLINE_MODE_="x")), 0, "warnings")
    case.contains(result.out, "warn  LD_PRELOAD is set already: /other.so", "a warning")
    case.contains(result.out, "HFOFFLINE_MODE_ means nothing", "a warning")
    # Inside a run, the run would be probed.
    result = case.run("--quiet", "--unshimmed", "allow", "--", case.HFOFFLINE, "doctor")
    case.expect_code(result, 1, "doctor inside a run")
    case.contains(result.out, "FAIL  this is inside a run already", "doctor inside a run")


case.isolate("net")
case.main(holds)
