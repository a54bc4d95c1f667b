#!/usr/bin/env python3
"""Containers: the recipes of docs/containers.md, each really run with podman.

usage: run_containers.py [--build DIRECTORY] [--cache DIRECTORY] [--only NAME]... [--minutes N] [--no-install]

The images are made here: Debian's by debootstrap, one with musl and one with nothing in it from files of
this machine. No registry is asked and no container has a network. Prints one line per check and
"N passed, N failed, N skipped"; what cannot be tried here is skipped with its reason. Packages that are
missing are installed first. Roots are kept in the cache (.cache/containers) for the next time; podman's
own storage is one of the test's, removed at the end.
"""

import atexit
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(SOURCE, "tools", "lib"))
import tier  # noqa: E402
from tier import Failure, Skip, need  # noqa: E402

EXAMPLES = os.path.join(SOURCE, "docs", "examples", "containers")
RELEASE = "bookworm"
PACKAGES = "python3-minimal,libpython3-stdlib"
USER = "hfoffline-containers"
DEBIAN, TESTS, MUSL, EMPTY = ("localhost/hfoffline-%s:1" % name
                                for name in ("debian", "tests", "musl", "empty"))
INSTALLED = "/opt/hfoffline/bin/hfoffline"


PACKAGES_USED = ["podman: runs the images", "runc: and their containers", "uidmap: for users without privileges",
                 "podman-compose: compose.yaml", "catatonit: pods", "netavark: compose.yaml's network",
                 "aardvark-dns: its names", "debootstrap: makes Debian's image", "musl-tools: another image's program"]


class Result:
    def __init__(self, code, out):
        self.code, self.out = code, out


class Podman:
    """podman with a storage of its own, for root or for a user without privileges."""

    def __init__(self, directory, user=None):
        self.directory = directory
        self.prefix = []
        self.environment = {"PATH": os.environ["PATH"], "HOME": directory, "TMPDIR": directory, "LC_ALL": "C.UTF-8"}
        if user is not None:
            self.prefix = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
            self.environment.update(XDG_RUNTIME_DIR=os.path.join(directory, "runtime"), USER=user.pw_name,
                                    LOGNAME=user.pw_name)
            for name in ("", "runtime", "tmp"):
                os.makedirs(os.path.join(directory, name), exist_ok=True)
                os.chown(os.path.join(directory, name), user.pw_uid, user.pw_gid)
        settings = os.path.join(directory, "containers.conf")
        with open(settings, "w") as file:
            file.write('[engine]\nruntime = "within-limits"\n[engine.runtimes]\nwithin-limits = ["%s"]\n' %
                       os.path.join(HERE, "runtime.py"))
        self.environment["CONTAINERS_CONF"] = settings
        self.options = ["--root", os.path.join(directory, "storage"), "--runroot", os.path.join(directory, "runroot"),
                        "--cgroup-manager", "cgroupfs", "--events-backend", "file"]

    def start(self, *words, **options):
        return subprocess.Popen(self.prefix + ["podman"] + self.options + list(words), env=self.environment,
                                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, **options)

    def __call__(self, *words, timeout=180):
        process = self.start(*words)
        try:
            out, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failure("podman %s took more than %d s" % (" ".join(words[:3]), timeout))
        return Result(process.returncode, out.decode(errors="replace"))

    def must(self, *words):
        result = self(*words)
        if result.code != 0:
            raise Failure("podman %s: exit code %d\n%s" % (" ".join(words), result.code, result.out))
        return result.out

    def run(self, *words):
        return self("run", "--rm", "--network", "none", *words)


class World:
    """What the checks share: made once, when the first of them asks."""

    def __init__(self, build, cache):
        self.build, self.cache = build, cache
        self.directory = tempfile.mkdtemp(prefix="hfc-")  # podman allows 50 characters for its own
        os.chmod(self.directory, 0o755)
        self.models = os.path.join(self.directory, "models")
        self.launcher = os.path.join(build, "src", "cli", "hfoffline")
        self.made = set()
        self.podman = Podman(self.directory)
        atexit.register(self.remove)
        subprocess.run([self.launcher, "sample", self.models], check=True, stdout=subprocess.DEVNULL)

    def remove(self):
        if shutil.which("podman"):
            # Whatever is mounted or owned by mapped users is podman's to remove.
            self.podman("system", "reset", "--force")
        shutil.rmtree(self.directory, ignore_errors=True)

    def installed(self):
        """What `hfoffline install` makes, with the entry point beside the launcher."""
        place = os.path.join(self.directory, "hfoffline")
        if not os.path.exists(place):
            subprocess.run([self.launcher, "install", "--to", place], check=True, stdout=subprocess.DEVNULL)
            shutil.copy(os.path.join(SOURCE, "tools", "entrypoint"), os.path.join(place, "bin"))
        return place

    def import_root(self, name, root, podman):
        archive = os.path.join(self.directory, "root.tar")
        subprocess.run(["tar", "-C", root, "-cf", archive, "."], check=True)
        os.chmod(archive, 0o644)
        podman.must("import", "--quiet", archive, name)
        os.unlink(archive)

    def debian_root(self):
        need("debootstrap", "debootstrap")
        root = os.path.join(self.cache, "debian-%s" % RELEASE)
        if not os.path.exists(os.path.join(root, "hfoffline-stamp")):
            shutil.rmtree(root, ignore_errors=True)
            os.makedirs(self.cache, exist_ok=True)
            done = subprocess.run(["debootstrap", "--variant=minbase", "--include=" + PACKAGES, RELEASE, root,
                                   "http://deb.debian.org/debian"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode != 0:
                raise Skip("debootstrap: %s" % done.stdout.decode(errors="replace").strip().splitlines()[-1])
            open(os.path.join(root, "hfoffline-stamp"), "w").close()
        return root

    def context(self):
        """The directory that the Dockerfile is built in, as its first lines say."""
        place = os.path.join(self.directory, "context")
        if not os.path.exists(place):
            os.makedirs(place)
            shutil.copytree(self.installed(), os.path.join(place, "hfoffline"))
            for name in ("Dockerfile", "test_offline.py"):
                shutil.copy(os.path.join(EXAMPLES, name), place)
        return place

    def image(self, name, podman=None):
        podman = podman or self.podman
        if (name, podman) in self.made:
            return name
        if name == DEBIAN:
            self.import_root(name, self.debian_root(), podman)
        elif name == TESTS:
            self.image(DEBIAN, podman)
            podman.must("build", "--quiet", "--network", "none", "--build-arg", "BASE=" + DEBIAN, "--tag", name,
                        self.context())
        else:
            root = os.path.join(self.directory, "root")
            os.makedirs(os.path.join(root, "opt"))
            shutil.copytree(self.installed(), os.path.join(root, "opt", "hfoffline"))
            if name == MUSL:
                self.add_musl(root)
            self.import_root(name, root, podman)
            shutil.rmtree(root)
        self.made.add((name, podman))
        return name

    def add_musl(self, root):
        need("musl-gcc", "musl-tools")
        os.makedirs(os.path.join(root, "lib"))
        os.makedirs(os.path.join(root, "bin"))
        for path in glob.glob("/lib/ld-musl-*.so.1"):
            shutil.copy(os.path.realpath(path), os.path.join(root, "lib", os.path.basename(path)))
        program = os.path.join(root, "bin", "try")
        subprocess.run(["musl-gcc", "-O1", "-o", program, os.path.join(HERE, "try.c")], check=True)


def expect(result, code, *parts):
    # Podman's own lines end in \r\n where it thinks of a terminal; a summary is wrapped at 80 columns.
    text = " ".join(result.out.split())
    if result.code != code:
        raise Failure("exit code %d instead of %d\n%s" % (result.code, code, result.out))
    for part in parts:
        if part not in text:
            raise Failure("%r is not in\n%s" % (part, result.out))


def mount(world):
    # Writable on purpose: what holds is the shim.
    return ["--volume", world.models + ":/models"]


OFFLINE = ("test_clients_are_told (test_offline.Offline.test_clients_are_told) ... ok",
           "test_the_cache_cannot_be_written (test_offline.Offline.test_the_cache_cannot_be_written) ... ok",
           "nothing was refused")
LEAK = ("192.0.2.1", "exit code 3")
UNITTEST = ["python3", "-m", "unittest", "-v"]


def dockerfile(world):
    """The Dockerfile's image runs its tests offline; a leak that was swallowed fails where that is asked for."""
    image = world.image(TESTS)
    expect(world.podman.run(*mount(world), image), 0, *OFFLINE)
    expect(world.podman.run(*mount(world), "--env", "LEAK=1", "--env", "HFOFFLINE_RUN_FLAGS=--fail-on-refusal", image), 3,
           *LEAK)
    expect(world.podman.run(*mount(world), "--env", "WRITE=1", image), 0, "/models/new -> EROFS", "1 request was refused")


def entrypoint(world):
    """The entry point says what is missing, and keeps arguments as they are."""
    image = world.image(TESTS)
    expect(world.podman.run(*mount(world), "--env", "HFOFFLINE_MODELS_DIR=/none", image, "true"), 2, "/none")
    expect(world.podman.run(*mount(world), image, "printf", "<%s>", "a b", "*"), 0, "<a b><*>")
    expect(world.podman.run(*mount(world), image, "/no/such"), 127, "/no/such")
    broken = world.podman.run(*mount(world), "--tmpfs", "/opt/hfoffline/lib:notmpcopyup", image, "true")
    expect(broken, 125, "libhfoffline.so is missing")


def compose(world):
    """compose.yaml, with podman-compose."""
    need("podman-compose", "podman-compose")
    world.image(TESTS)
    project = os.path.join(world.directory, "compose")
    os.makedirs(project, exist_ok=True)
    with open(os.path.join(EXAMPLES, "compose.yaml")) as source, \
            open(os.path.join(project, "compose.yaml"), "w") as target:
        # No way out, should the shim fail; podman-compose cannot go without a network.
        target.write(source.read() + "networks:\n  default:\n    internal: true\n")
    wrapper = os.path.join(project, "podman")
    with open(wrapper, "w") as file:
        file.write("#!/bin/sh\nexec podman %s \"$@\"\n" % " ".join(world.podman.options))
    os.chmod(wrapper, 0o755)
    environment = dict(world.podman.environment, IMAGE=TESTS, MODELS_DIR=world.models)
    done = subprocess.run(["podman-compose", "--podman-path", wrapper, "run", "--rm", "-T", "tests"], cwd=project,
                          env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=180)
    expect(Result(done.returncode, done.stdout.decode(errors="replace")), 0, *OFFLINE)


def pod(world):
    """pod.yaml: an init container brings hfoffline to an image that knows nothing of it."""
    need("catatonit", "catatonit")
    world.image(DEBIAN)
    world.image(EMPTY)
    # The tests, in an image without hfoffline.
    context = os.path.join(world.directory, "plain")
    os.makedirs(context, exist_ok=True)
    shutil.copy(os.path.join(EXAMPLES, "test_offline.py"), context)
    with open(os.path.join(context, "Dockerfile"), "w") as file:
        file.write("FROM %s\nWORKDIR /work\nCOPY test_offline.py /work/\n" % DEBIAN)
    world.podman.must("build", "--quiet", "--network", "none", "--tag", "localhost/hfoffline-plain:1", context)
    with open(os.path.join(EXAMPLES, "pod.yaml")) as file:
        text = file.read()
    for old, new in (("example/hfoffline  # any image that has it", EMPTY), ("example/tests", "localhost/hfoffline-plain:1"),
                     ("/mnt/models", world.models)):
        if old not in text:
            raise Failure("pod.yaml has no %r" % old)
        text = text.replace(old, new)
    path = os.path.join(world.directory, "pod.yaml")
    with open(path, "w") as file:
        file.write(text)
    played = world.podman("kube", "play", "--network", "none", path)
    try:
        if played.code != 0:
            raise Failure("kube play: %s" % played.out)
        name = "offline-tests-tests"
        code = int(world.podman.must("wait", name).split()[-1])
        expect(Result(code, world.podman.must("logs", name)), 0, *OFFLINE)
    finally:
        world.podman("kube", "down", path)


def lines_of(path, mark):
    """The commands of a recipe: no YAML reader is needed for lines that are written on purpose in one way."""
    with open(os.path.join(EXAMPLES, path)) as file:
        found = [line.split(mark, 1)[1].strip() for line in file if mark in line]
    if not found:
        raise Failure("%s has no line with %r" % (path, mark))
    return found


def runners(world):
    """The commands of github-actions.yml and gitlab-ci.yml, as their runners start them: by a shell in the image."""
    image = world.image(TESTS)
    for path, mark, shell in (("github-actions.yml", " run: ", ["bash", "-e"]), ("gitlab-ci.yml", "- /opt", ["sh", "-e"])):
        for text in lines_of(path, mark):
            line = text if mark != "- /opt" else "/opt" + text
            expect(world.podman.run(*mount(world), "--entrypoint", shell[0], image, shell[1], "-c", line), 0, *OFFLINE)
            expect(world.podman.run(*mount(world), "--env", "LEAK=1", "--entrypoint", shell[0], image, shell[1], "-c", line),
                   3, *LEAK)


def musl(world):
    """An image of another libc and nothing else: no shell, no /tmp."""
    image = world.image(MUSL)
    told = ("write: Read-only file system", "connect: Network unreachable", "HF_HUB_OFFLINE: 1", "192.0.2.1")
    expect(world.podman.run(*mount(world), image, INSTALLED, "run", "--models-dir", "/models", "--", "/bin/try"), 0, *told)
    expect(world.podman.run(*mount(world), image, INSTALLED, "run", "--strict", "--models-dir", "/models", "--",
                            "/bin/try"), 3, *told)


def empty(world):
    """An image with nothing but hfoffline: it starts, and says what it cannot guard."""
    image = world.image(EMPTY)
    expect(world.podman.run(image, INSTALLED, "--version"), 0, "hfoffline ")
    expect(world.podman.run(*mount(world), image, INSTALLED, "run", "--models-dir", "/models", "--", "/no/such"), 127,
           "/no/such")
    # The launcher is a static program: started by another, it is a run inside a run.
    expect(world.podman.run(*mount(world), image, INSTALLED, "run", "--models-dir", "/models", "--", INSTALLED, "--version"),
           0, "hfoffline ")


def own_preload(world):
    """An image with an LD_PRELOAD of its own keeps it, behind ours."""
    image = world.image(TESTS)
    library = os.path.join(world.directory, "other.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-nostdlib", "-o", library, os.path.join(HERE, "other.c")], check=True)
    result = world.podman.run(*mount(world), "--volume", library + ":/usr/lib/other.so:ro", "--env",
                              "LD_PRELOAD=/usr/lib/other.so", image, *UNITTEST)
    expect(result, 0, *OFFLINE)
    result = world.podman.run(*mount(world), "--volume", library + ":/usr/lib/other.so:ro", "--env",
                              "LD_PRELOAD=/usr/lib/other.so", image, "sh", "-c", "echo $LD_PRELOAD; cat /proc/self/maps")
    expect(result, 0, "/opt/hfoffline/lib/hfoffline/libhfoffline.so:/usr/lib/other.so", "r-xp 00000000", "/usr/lib/other.so")


def without_privileges(world):
    """A container's user that is not root, and a root directory that nobody may write."""
    image = world.image(TESTS)
    expect(world.podman.run(*mount(world), "--user", "1234:1234", image), 0, *OFFLINE)
    expect(world.podman.run(*mount(world), "--read-only", image), 0, *OFFLINE)
    expect(world.podman.run(*mount(world), "--read-only", "--user", "1234:1234", "--cap-drop", "all", "--security-opt",
                            "no-new-privileges", image), 0, *OFFLINE)


def nowhere_to_write(world):
    """Not even /tmp and /dev/shm can be written: that is said, and nothing runs unguarded."""
    image = world.image(TESTS)
    result = world.podman.run(*mount(world), "--read-only", "--read-only-tmpfs=false", "--volume", world.models + ":/dev/shm:ro",
                              image)
    expect(result, 125, "hfoffline: error:")
    if "... ok" in result.out:
        raise Failure("the tests ran all the same\n" + result.out)


def noexec(world):
    """/tmp is mounted noexec: nothing of ours is executed from there."""
    image = world.image(TESTS)
    expect(world.podman.run(*mount(world), "--tmpfs", "/tmp:rw,noexec,size=16m", "--tmpfs", "/dev/shm:rw,noexec,size=16m",
                            image), 0, *OFFLINE)


def first_process(world):
    """As a container's first process the launcher passes on what stops it, and reaps orphans."""
    image = world.image(TESTS)
    process = world.podman.start("run", "--rm", "--network", "none", "--name", "first", *mount(world), image, "sh", "-c",
                                 "trap 'echo told; exit 7' TERM; (sleep 0.1 &); echo ready; while :; do sleep 0.1; done")
    for line in process.stdout:
        if b"ready" in line:
            break
    deadline = time.time() + 60
    while True:
        states = world.podman.must("exec", "first", "sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null || true").splitlines()
        zombies = [line for line in states if ") Z 1 " in line]
        if not zombies and any("(hfoffline)" in line for line in states):
            break
        if time.time() > deadline:
            raise Failure("orphans are not reaped: %s" % zombies)
        time.sleep(0.2)
    began = time.time()
    world.podman.must("stop", "--time", "60", "first")
    out, _ = process.communicate(timeout=60)
    if process.returncode != 7 or b"told" not in out:
        raise Failure("SIGTERM did not arrive: exit code %d\n%s" % (process.returncode, out.decode(errors="replace")))
    if time.time() - began > 50:
        raise Failure("it took the time until SIGKILL")


def rootless(world):
    """Podman of a user without privileges: the same image, the same outcome."""
    if os.geteuid() != 0:
        raise Skip("everything here is rootless: not started as root")
    need("newuidmap", "uidmap")
    world.image(TESTS)
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        subprocess.run(["useradd", "--create-home", "--user-group", USER], check=True)
        atexit.register(subprocess.run, ["userdel", "--remove", USER], stderr=subprocess.DEVNULL)
        user = pwd.getpwnam(USER)
    directory = os.path.join(world.directory, "user")
    podman = Podman(directory, user)
    archive = os.path.join(world.directory, "tests.tar")
    world.podman.must("save", "--quiet", "--output", archive, TESTS)
    os.chmod(archive, 0o644)
    try:
        loaded = podman("load", "--quiet", "--input", archive)
        if loaded.code != 0:
            raise Skip("podman does not work for a user without privileges here: %s" % loaded.out.strip().splitlines()[-1])
        expect(podman.run(*mount(world), TESTS), 0, *OFFLINE)
        expect(podman.run(*mount(world), "--env", "LEAK=1", "--env", "HFOFFLINE_RUN_FLAGS=--fail-on-refusal", TESTS), 3,
               *LEAK)
    finally:
        podman("system", "reset", "--force")
        os.unlink(archive)


def with_podman(function):
    def check(world):
        need("podman", "podman")
        need("runc", "runc")
        return function(world.get())

    return check


class LazyWorld:
    """Made by the first check that is not skipped before."""

    def __init__(self, options):
        self.options, self.world = options, None

    def get(self):
        if self.world is None:
            self.world = World(self.options.build, self.options.cache)
        return self.world


# The first one also makes Debian's image.
CHECKS = [tier.Check(function.__name__, seconds, function.__doc__, with_podman(function)) for function, seconds in (
    (dockerfile, 90), (entrypoint, 5), (compose, 5), (pod, 8), (runners, 5), (musl, 5), (empty, 5), (own_preload, 5),
    (without_privileges, 5), (nowhere_to_write, 5), (noexec, 5), (first_process, 5), (rootless, 40))]


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    OPTIONS = tier.parse_arguments("containers", __doc__, CHECKS, PACKAGES_USED)
    sys.exit(tier.run(CHECKS, OPTIONS, LazyWorld(OPTIONS)))
