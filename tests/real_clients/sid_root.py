"""A root of Debian unstable with the real clients installed, made once and kept.

debootstrap makes it beside its place and it is renamed into it when all is installed, so a directory of that name is whole.
The stamp in it names the packages; a list that has changed makes it anew.
"""

import fcntl
import os
import shutil
import subprocess

MIRROR = "http://deb.debian.org/debian"
PACKAGES = ["python3-huggingface-hub", "python3-transformers", "python3-torch", "python3-safetensors", "python3-numpy",
            "python3-gguf", "llama.cpp-tools", "python3-pytest", "python3-pytest-xdist"]
BYTES = 4 << 30  # while it is made: what is installed, and the packages themselves
WORK = "work"  # where a run's own directory is mounted
TIME_LIMIT = 3000


class Unreachable(Exception):
    """It cannot be made here; the text says why."""


def _run(log, *command):
    # debconf asks nothing.
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    environment.update({name: value for name, value in os.environ.items() if name.lower() in ("http_proxy", "https_proxy", "no_proxy")})
    with open(log, "ab") as file:
        # In a mount namespace of its own: what is mounted for the installation is gone with it, however it ends.
        done = subprocess.run(["unshare", "--mount", "--propagation", "private"] + list(command), env=environment,
                              stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, timeout=TIME_LIMIT)
    if done.returncode != 0:
        with open(log, errors="replace") as file:
            lines = [line for line in file.read().splitlines() if line.strip()]
        raise Unreachable("%s\n(all of it: %s)" % ("\n".join(lines[-5:]), log))


def make(cache):
    """Makes cache/sid if it is not there, and returns it. Raises Unreachable. A second process waits for the first."""
    with open(os.path.join(cache, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _make(cache)


def _make(cache):
    root, new, log = (os.path.join(cache, name) for name in ("sid", "sid.new", "sid.log"))
    wanted = "\n".join(PACKAGES) + "\n"
    stamp = os.path.join("etc", "hfoffline-packages")
    if os.path.exists(os.path.join(root, stamp)):
        with open(os.path.join(root, stamp)) as file:
            if file.read() == wanted:
                return root
    for path in (root, new):  # of other packages; interrupted
        shutil.rmtree(path, ignore_errors=True)
    free = shutil.disk_usage(cache).free
    if free < BYTES:
        raise Unreachable("%s has %.1f GB free, and the root needs %.1f GB" % (cache, free / 1e9, BYTES / 1e9))
    open(log, "w").close()
    _run(log, "debootstrap", "--variant=minbase", "sid", new, MIRROR)
    # Unstable's lists may be older than they say they may be: mirrors and snapshots lag behind.
    with open(os.path.join(new, "etc/apt/apt.conf.d/90hfoffline"), "w") as file:
        file.write('Acquire::Check-Valid-Until "false";\nAPT::Install-Recommends "false";\n')
    for name in ("resolv.conf", "hosts"):
        if os.path.exists("/etc/" + name):
            shutil.copyfile("/etc/" + name, os.path.join(new, "etc", name))
    install = 'mount -t proc proc "$0/proc" && chroot "$0" apt-get -q update && chroot "$0" apt-get -q -y install "$@"'
    _run(log, "sh", "-c", install, new, *PACKAGES)
    _run(log, "chroot", new, "apt-get", "clean")
    os.mkdir(os.path.join(new, WORK))
    with open(os.path.join(new, stamp), "w") as file:
        file.write(wanted)
    os.rename(new, root)
    return root
