"""Roots of other Debian releases with nothing but the packages asked for, unpacked and not installed.

A program's libc and loader come from libc6 alone, and the probes need nothing else (run_probes.py enters
the root from outside, with its own Python). So a root takes one package and seconds, where debootstrap
takes a hundred packages and minutes; the loader and the libc are the same files. apt fetches the packages
and checks their signatures; it is told to keep its state beside the root, not in this system's.
"""

import glob
import os
import shutil
import subprocess

MIRROR = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
MERGED = ["bin", "sbin", "lib", "lib64"]


class Unreachable(Exception):
    """The packages cannot be had here; the text says why."""


def _run(*command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **options)
    if done.returncode != 0:
        lines = done.stdout.decode(errors="replace").strip().splitlines()
        raise Unreachable("%s: %s" % (os.path.basename(command[0]), lines[-1] if lines else "failed"))


def _fetch(release, architecture, packages, directory):
    lists = os.path.join(directory, "apt")
    for name in ("lists/partial", "archives/partial", "etc"):
        os.makedirs(os.path.join(lists, name), exist_ok=True)
    sources = os.path.join(lists, "etc", "sources.list")
    with open(sources, "w") as file:
        file.write("deb [signed-by=%s] %s %s main\n" % (KEYRING, MIRROR, release))
    empty_status = os.path.join(lists, "status")
    open(empty_status, "w").close()
    settings = {
        "Dir::Etc": os.path.join(lists, "etc"), "Dir::Etc::sourcelist": sources, "Dir::Etc::sourceparts": "-",
        "Dir::Etc::main": "-", "Dir::Etc::parts": "-", "Dir::State": lists, "Dir::State::lists": lists + "/lists",
        "Dir::State::status": empty_status, "Dir::Cache": lists, "APT::Architecture": architecture,
        "APT::Architectures": architecture, "APT::Sandbox::User": "root", "Acquire::Languages": "none",
        "Acquire::Retries": "2", "Acquire::http::Timeout": "30",
        # A release that is no longer supported still has the libc that machines run.
        "Acquire::Check-Valid-Until": "false",
    }
    options = [word for pair in settings.items() for word in ("-o", "%s=%s" % pair)]
    _run("apt-get", *options, "-qq", "--error-on=any", "update", timeout=300)
    _run("apt-get", *options, "-qq", "download", *packages, cwd=directory, timeout=300)
    shutil.rmtree(lists)


def _unpack(archive, root):
    """As dpkg-deb -x, but what goes to /lib follows the link to /usr/lib."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as reader:
        done = subprocess.run(["tar", "-x", "--keep-directory-symlink", "--no-same-owner", "-C", root], stdin=reader.stdout)
    if reader.returncode != 0 or done.returncode != 0:
        raise Unreachable("%s cannot be unpacked" % os.path.basename(archive))


def _make_links_relative(root):
    """Links such as /lib64/ld-linux-x86-64.so.2 must lead to the root's files from outside, too."""
    for top, names, files in os.walk(root):
        for path in (os.path.join(top, name) for name in names + files):
            if os.path.islink(path) and os.readlink(path).startswith("/"):
                target = os.path.relpath(root + os.readlink(path), os.path.realpath(top))
                os.unlink(path)
                os.symlink(target, path)


def make(directory, release, packages, architecture="amd64"):
    """Makes directory/root once and returns it. Raises Unreachable."""
    root, stamp = os.path.join(directory, "root"), os.path.join(directory, "stamp")
    wanted = " ".join([release, architecture] + packages) + "\n"
    if os.path.exists(stamp):
        with open(stamp) as file:
            if file.read() == wanted:
                return root
    if not os.path.exists(KEYRING):
        raise Unreachable("no %s: this is not Debian" % KEYRING)
    shutil.rmtree(directory, ignore_errors=True)
    for name in ["usr/" + name for name in MERGED] + ["etc", "tmp", "proc", "dev", "sys"]:
        os.makedirs(os.path.join(root, name))
    for name in MERGED:
        os.symlink("usr/" + name, os.path.join(root, name))
    os.chmod(os.path.join(root, "tmp"), 0o1777)
    for name in ("hosts", "resolv.conf", "nsswitch.conf"):
        open(os.path.join(root, "etc", name), "w").close()
    _fetch(release, architecture, packages, directory)
    for archive in sorted(glob.glob(os.path.join(directory, "*.deb"))):
        _unpack(archive, root)
        os.unlink(archive)
    _make_links_relative(root)
    with open(stamp, "w") as file:
        file.write(wanted)
    return root
