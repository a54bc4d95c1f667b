#!/usr/bin/env python3
"""One file for every image: the shim as it was built here, under the probes with other libcs.

usage: run_compat.py [--build DIRECTORY] [--cache DIRECTORY] [--only NAME]... [--minutes N] [--no-install]

    bullseye, bookworm, trixie, sid   the same libhfoffline.so and, where its symbols allow it, the same
                                      probe programs, below a root with that release's libc6
    musl                              the same libhfoffline.so; programs built with musl-gcc
    aarch64                           shim and programs built with Debian's cross compiler, under qemu-user
    aarch64-musl                      that shim; programs built with the same compiler for Debian's musl of arm64

Prints one line per check and "N passed, N failed, N skipped"; a check that cannot be made here is
skipped with its reason, as is one that there is no time left for (--minutes). Roots and builds are kept
in the cache (.cache/compat) for the next time.
"""

import os
import re
import shutil
import subprocess
import sys

import debian_root

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(SOURCE, "tools", "lib"))
import tier  # noqa: E402
from tier import Failure, Skip, need  # noqa: E402

PROBES = os.path.join(SOURCE, "tests", "probes", "run_probes.py")
SHIM = "src/shim/libhfoffline.so"
# bullseye's libc is older than the symbols of programs built here: theirs are built with its own libc.
RELEASES = {"bullseye": ["libc6", "libc6-dev", "linux-libc-dev"], "bookworm": ["libc6"],
            "trixie": ["libc6"], "sid": ["libc6"]}
TIME_LIMIT = 1500


def run(command, what, env=None):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=env, timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        raise Failure("%s took more than %d s" % (what, TIME_LIMIT))
    text = done.stdout.decode(errors="replace").rstrip()
    if done.returncode != 0:
        raise Failure("%s\n%s" % (what, "\n".join(text.splitlines()[-60:])))
    return text


def build(directory, *arguments, targets):
    """A build directory of the shim and its probes alone."""
    env = {name: value for name, value in os.environ.items() if name not in ("CC", "CXX", "CFLAGS", "CXXFLAGS", "LDFLAGS")}
    if not os.path.exists(os.path.join(directory, "build.ninja")):
        shutil.rmtree(directory, ignore_errors=True)
        run(["meson", "setup", directory, SOURCE, "-Dtools=false"] + list(arguments), "meson setup", env)
    run(["ninja", "-C", directory] + targets, "the build", env)


def probe(programs, shim, *arguments, least=10000):
    text = run([sys.executable, PROBES, "--summary", "--programs", programs, "--shim", shim] + list(arguments), "probes")
    counts = re.search(r"(\d+) rows, (\d+) differences \((\d+) expected\)", text)
    if not counts or int(counts.group(1)) < least:
        raise Failure("too few rows were run\n" + text)
    return "%s rows, 0 mismatches, %s deliberate differences" % (counts.group(1), counts.group(3))


def version_of_libc(root):
    for directory in ("lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu", "lib"):
        path = os.path.join(root, directory, "libc.so.6")
        if os.path.exists(path):
            with open(path, "rb") as file:
                found = re.search(rb"GNU C Library \([^)]*\) [a-z]+ release version ([0-9.]*[0-9])", file.read())
            return "glibc " + found.group(1).decode() if found else "glibc"
    return "no glibc"


def check_release(options, release):
    if os.geteuid() != 0:
        raise Skip("only root may enter another root")
    if os.uname().machine != "x86_64":
        raise Skip("the roots are for x86-64")
    need("dpkg-deb", "dpkg")
    directory = os.path.join(options.cache, release)
    try:
        root = debian_root.make(directory, release, RELEASES[release])
    except (debian_root.Unreachable, subprocess.TimeoutExpired) as error:
        raise Skip("its packages cannot be had: %s" % error)
    programs, extra = os.path.join(options.build, "tests/probes"), []
    if "libc6-dev" in RELEASES[release]:
        machine_file = os.path.join(directory, "gcc.ini")
        with open(machine_file, "w") as file:
            file.write("[binaries]\nc = ['gcc', '--sysroot=%s', '-B%s/usr/lib/x86_64-linux-gnu/']\ncpp = 'g++'\n" % (root, root))
        own = os.path.join(directory, "build")
        build(own, "--native-file", machine_file, targets=["probe-programs"])
        programs = os.path.join(own, "tests/probes")
    differences = os.path.join(HERE, "differences-%s.txt" % release)
    if os.path.exists(differences):
        extra = ["--differences", differences]
    return "%s: %s" % (version_of_libc(root), probe(programs, os.path.join(options.build, SHIM), "--root", root, *extra))


def check_musl(options):
    need("musl-gcc", "musl-tools")
    own = os.path.join(options.cache, "build-musl")
    build(own, "--native-file", os.path.join(SOURCE, "tools/cross/musl.ini"), targets=["probe-programs"])
    return probe(os.path.join(own, "tests/probes"), os.path.join(options.build, SHIM), "--other-libc", "--differences",
                 os.path.join(HERE, "differences-musl.txt"))


def emulated(programs, shim, loader, *arguments):
    """The probes in the emulator, which looks for the loader below a directory that holds nothing else."""
    return probe(programs, shim, "--runner", "qemu-aarch64 -L " + loader, "--differences",
                 os.path.join(HERE, "differences-aarch64.txt"), *arguments)


def build_for_aarch64(options):
    need("aarch64-linux-gnu-g++", "g++-aarch64-linux-gnu")
    need("qemu-aarch64", "qemu-user")
    own = os.path.join(options.cache, "build-aarch64")
    build(own, "--cross-file", os.path.join(SOURCE, "tools/cross/aarch64.ini"), targets=[SHIM, "probe-programs"])
    return own


def check_aarch64(options):
    own = build_for_aarch64(options)
    return emulated(os.path.join(own, "tests/probes"), os.path.join(own, SHIM), "/usr/aarch64-linux-gnu")


def check_aarch64_musl(options):
    shim = os.path.join(build_for_aarch64(options), SHIM)
    need("dpkg-deb", "dpkg")
    directory = os.path.join(options.cache, "aarch64-musl")
    try:
        root = debian_root.make(directory, "bookworm", ["musl", "musl-dev"], "arm64")
    except (debian_root.Unreachable, subprocess.TimeoutExpired) as error:
        raise Skip("its packages cannot be had: %s" % error)
    libc, loader = os.path.join(root, "usr/lib/aarch64-linux-musl"), os.path.join(directory, "loader")
    os.makedirs(os.path.join(loader, "lib"), exist_ok=True)
    shutil.copy(os.path.join(libc, "libc.so"), os.path.join(loader, "lib/ld-musl-aarch64.so.1"))
    # musl-gcc is the system's compiler with these, which name the places of an installed musl.
    with open(os.path.join(libc, "musl-gcc.specs")) as file:
        specs = file.read().replace("/usr/include/aarch64-linux-musl", root + "/usr/include/aarch64-linux-musl")
    specs_file, machine_file = os.path.join(directory, "musl-gcc.specs"), os.path.join(directory, "musl.ini")
    with open(specs_file, "w") as file:
        file.write(specs.replace("/usr/lib/aarch64-linux-musl", libc))
    with open(machine_file, "w") as file:
        # The kernel's headers, which the specs leave out; libc's own come first.
        file.write("[binaries]\nc = ['aarch64-linux-gnu-gcc', '-specs=%s']\n[built-in options]\n"
                   "c_args = ['-idirafter', '/usr/aarch64-linux-gnu/include']\n" % specs_file)
    own = os.path.join(directory, "build")
    build(own, "--cross-file", os.path.join(SOURCE, "tools/cross/aarch64.ini"), "--cross-file", machine_file, targets=["probe-programs"])
    return emulated(os.path.join(own, "tests/probes"), shim, loader, "--differences", os.path.join(HERE, "differences-musl.txt"))


CHECKS = [tier.Check(release, seconds, "the same shim and probes with %s's libc" % release,
                     lambda options, release=release: check_release(options, release))
          for release, seconds in (("bullseye", 60), ("bookworm", 30), ("trixie", 30), ("sid", 30))]
CHECKS += [tier.Check("musl", 60, "the same shim with musl", check_musl),
           tier.Check("aarch64", 300, "the shim for aarch64, emulated", check_aarch64),
           tier.Check("aarch64-musl", 300, "the same with musl", check_aarch64_musl)]


if __name__ == "__main__":
    OPTIONS = tier.parse_arguments("compat", __doc__, CHECKS)
    sys.exit(tier.run(CHECKS, OPTIONS, OPTIONS))
