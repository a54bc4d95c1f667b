"""What a case needs: the launcher, a cache, a place of its own, and checks that say what was wrong.

A case is a script that is named for what must hold. It exits with 0 if that holds, 1 if not, and 77 (skipped, with a
reason) where this machine cannot tell. HFOFFLINE, SHIM and BUILD say what is tested.
"""
import atexit
import fcntl
import functools
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HFOFFLINE = os.environ["HFOFFLINE"]
SHIM = os.environ["SHIM"]
BUILD = os.environ["BUILD"]
SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent

_SKIPPED = 77
_NAMESPACE_MARK = "HFCASE_IN_NAMESPACE"


def fail(message):
    """Ends the case: what must hold does not."""
    raise AssertionError(message)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(_SKIPPED)


def check(condition, message):
    if not condition:
        fail(message)


def equal(actual, expected, what):
    if actual != expected:
        fail(f"{what}: expected {expected!r}, got {actual!r}")


def contains(text, part, what):
    if part not in text:
        fail(f"{what}: {part!r} is not in:\n{text}")


def lacks(text, part, what):
    if part in text:
        fail(f"{what}: {part!r} is in:\n{text}")


# ---- A place of its own

_started = time.time()
tmp = pathlib.Path(tempfile.mkdtemp(prefix="hfcase-"))
_run_tmp = tmp / "run-tmp"
_run_tmp.mkdir()
_run_tmp.chmod(0o1777)
shared = _run_tmp  # any user can write here
tmp.chmod(0o755)


def leftovers():
    """Directories of runs that were not removed, although their launcher has ended."""
    names = [p.name for p in _run_tmp.glob("hfoffline-*")]
    for path in pathlib.Path("/dev/shm").glob("hfoffline-run-*"):
        pid = path.name.split("-")[2]
        try:
            since_start = path.stat().st_mtime >= _started
        except FileNotFoundError:
            continue
        if since_start and not os.path.exists(f"/proc/{pid}"):
            names.append(str(path))
    return sorted(names)


def _clean_up():
    for directory, _, _ in os.walk(tmp):
        try:
            os.chmod(directory, 0o755)
        except OSError:
            pass
    shutil.rmtree(tmp, ignore_errors=True)


atexit.register(_clean_up)


# ---- Running things

def clean_environment(**more):
    """The environment without anything that would steer a run, and with a temporary directory of the case."""
    environment = {k: v for k, v in os.environ.items()
                   if not k.startswith(("HFOFFLINE", "HF_", "LD_", "PYTEST_")) and k not in ("ASAN_OPTIONS", "TMPDIR")}
    environment["TMPDIR"] = str(_run_tmp)
    environment.update({k: str(v) for k, v in more.items()})
    return environment


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}---"


def command(*arguments, env=None, cwd=None, timeout=120, input=None, user=None, **options):
    """Runs something; its outcome with text outputs. A signal is a negative code, as in subprocess."""
    process = subprocess.run([str(a) for a in arguments], env=env or clean_environment(), cwd=cwd or tmp, timeout=timeout,
                             input=input, capture_output=True, text=True, errors="replace", user=user,
                             stdin=subprocess.DEVNULL if input is None else None, **options)
    return Result(process.returncode, process.stdout, process.stderr)


def hfoffline(*arguments, **options):
    return command(HFOFFLINE, *arguments, **options)


def run(*arguments, **options):
    """hfoffline run, with everything in `arguments`."""
    return hfoffline("run", *arguments, **options)


def expect_code(result, code, what):
    if result.code != code:
        fail(f"{what}: expected exit code {code}, got {result!r}")
    return result


# ---- A cache and programs

def models(layout="hf-home"):
    """A sample cache; its path."""
    directory = tmp / f"models-{layout}"
    if not directory.exists():
        expect_code(hfoffline("sample", "--layout", layout, directory), 0, "the sample cache")
    return directory


def hub(directory):
    return directory / "hub" if (directory / "hub").is_dir() else directory


def sample_file(directory, name="config.json"):
    """A file of the sample model, as clients open it."""
    snapshots = hub(directory) / "models--hfoffline--tiny-model" / "snapshots"
    return next(snapshots.iterdir()) / name


def compiler():
    found = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    return found or skip("no C compiler")


def c_program(source, *flags, name="program"):
    """Compiles `source`; the path of the program."""
    path = tmp / name
    code = tmp / f"{name}.c"
    code.write_text(source)
    result = command(compiler(), "-O1", "-o", path, code, *flags)
    if result.code != 0:
        if "-static" in flags or any(f.startswith("-fsanitize") for f in flags):
            skip(f"the compiler cannot build this program: {result.err.splitlines()[-1] if result.err else ''}")
        fail(f"the test program does not compile: {result!r}")
    return path


def go_program(source, name="go"):
    """As c_program(), with the note that Go's linker writes into its programs."""
    note = """__asm__(".pushsection .note.go.buildid,\\"a\\",@note\\n.balign 4\\n.long 4,4,4\\n"
            ".ascii \\"Go\\\\0\\\\0\\"\\n.ascii \\"id12\\"\\n.popsection");\n"""
    return c_program(source + note, name=name)


def script(text, name="script", mode=0o755):
    path = tmp / name
    path.write_text(text)
    path.chmod(mode)
    return path


def record(path):
    """The refusals of a record; every line must be a JSON object."""
    return [line for line in record_lines(path) if line.get("kind") != "run"]


def record_lines(path):
    """Every line of a record, those for the ends of runs too."""
    lines = []
    for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
        try:
            lines.append(json.loads(line))
        except ValueError:
            fail(f"line {number} of the record is no JSON: {line[:200]!r}")
    return lines


def need_root():
    # uid 0 of a namespace that was made without being root is nobody else.
    mapped = pathlib.Path("/proc/self/uid_map").read_text().split()
    if os.geteuid() != 0 or mapped[2] == "1":
        skip("needs root")


def unprivileged():
    """A user that is not root, for subprocess's user=; needs root to switch."""
    need_root()
    return 65534


class Server:
    """A web server on 127.0.0.1 that serves a directory, outside of any run."""

    def __init__(self, directory):
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(directory))
        handler.func.log_message = lambda *arguments: None
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()


def quickly(seconds, function, *arguments, **options):
    """The function's result; fails if it took longer than that."""
    start = time.monotonic()
    result = function(*arguments, **options)
    took = time.monotonic() - start
    check(took < seconds, f"took {took:.1f} s, more than {seconds} s: {result!r}")
    return result


# ---- Namespaces

def isolate(*kinds):
    """Starts this case again inside fresh namespaces ("net": only a loopback device that is up; "mount")."""
    if os.environ.get(_NAMESPACE_MARK) == "1":
        if "net" in kinds:
            _loopback_up()
        return
    flags = {"net": "--net", "mount": "--mount"}
    attempts = [["unshare"], ["unshare", "--map-root-user"]]
    for attempt in attempts:
        base = attempt + [flags[k] for k in kinds]
        if shutil.which("unshare") and subprocess.run(base + ["true"], capture_output=True).returncode == 0:
            os.environ[_NAMESPACE_MARK] = "1"
            shutil.rmtree(tmp, ignore_errors=True)
            os.execvp("unshare", base + [sys.executable, os.path.abspath(sys.argv[0])])
    skip(f"no namespaces here ({' '.join(kinds)})")


def _loopback_up():
    # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        flags = struct.unpack("16xh", fcntl.ioctl(s, 0x8913, struct.pack("16sh", b"lo", 0)))[0]
        fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", flags | 1))


# ---- Ending

def main(function):
    """Runs the case; says what is wrong. Afterwards nothing may be left of any run."""
    signal.alarm(300)
    try:
        function()
        check(not leftovers(), f"left behind: {leftovers()}")
    except AssertionError as error:
        print(f"FAILED: {error}")
        sys.exit(1)
    except subprocess.TimeoutExpired as error:
        print(f"FAILED: no end after {error.timeout} s: {error.cmd}")
        sys.exit(1)
    sys.exit(0)
