"""The suites: one row each. See run_invisibility.py for what is done with them."""

import fnmatch
import pathlib
import subprocess

import outcomes

HERE = pathlib.Path(__file__).resolve().parent
_VERSION = subprocess.run(["/usr/bin/python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True,
                          check=True).stdout.strip()


class Suite:
    """name, what it is, Debian packages, {pattern of a test's name: why it may differ}, limit in seconds of one run,
    seconds that all runs of it take together on an idle machine with two cores, which is busy with two suites."""

    steps = False
    unsteady_files = ()

    # As somebody who is not root, where that can be chosen.
    stranger = False

    def __init__(self, name, about, packages=(), differs=None, limit=120, modes=("default", "everything"), seconds=30):
        self.name, self.about, self._packages, self.differs = name, about, list(packages), differs or {}
        self.limit, self.modes, self.seconds = limit, modes, seconds

    def packages(self):
        return self._packages

    def reason(self, test):
        return next((why for pattern, why in self.differs.items() if fnmatch.fnmatchcase(test, pattern)), None)


class CPython(Suite):
    """Modules of CPython's own test suite."""

    def __init__(self, name, modules, differs=None, limit=600, left_out=None, resources="subprocess", stranger=False, seconds=60,
                 matching=()):
        super().__init__(name, f"CPython's {', '.join(modules)}" + (f": {', '.join(matching)}" if matching else ""), [f"python{_VERSION}", f"libpython{_VERSION}-testsuite"], differs, limit,
                         seconds=seconds)
        self.modules, self.left_out, self.resources = modules, left_out or {}, resources
        self.stranger = stranger
        # Patterns of the tests that are run, where it is not all of them.
        self.matching = matching

    def command(self, results, only):
        # -j1: a process per module, so that one that crashes or hangs ends only itself.
        command = [f"/usr/bin/python{_VERSION}", "-m", "test", "-j1", "-u", self.resources, "--timeout", str(self.limit * 9 // 10), "--junit-xml",
                   str(results / "junit.xml")]
        for pattern in self.left_out:
            command += ["-i", pattern]
        modules = self.modules
        if only is not None:
            whole = [n.split(" ")[0] for n in only if n.endswith(" as a whole")]
            single = [n for n in only if not n.endswith(" as a whole") and not n.startswith("(")]
            # A whole module cannot be asked for together with single tests of others.
            for name in single if not whole else ():
                command += ["-m", name]
            if whole and not single:
                modules = whole
        if only is None or modules is not self.modules:
            for pattern in self.matching:
                command += ["-m", pattern]
        return command + modules

    def outcomes(self, results, output):
        return {**outcomes.of_junit(results / "junit.xml"), **outcomes.of_regrtest(output)}

    def broken(self, bare):
        # What was not come to is missing on both sides, and would be the same.
        ended = [n for n, o in bare.items() if n.endswith(" as a whole") and o.startswith(("crashed", "timed out", "worker"))]
        if ended or bare["(the end of the suite)"].startswith("no end"):
            return f"{', '.join(ended) or 'it'} did not come to its end"
        return "" if any(outcome == "ok" for outcome in bare.values()) else "no test passed"


class Steps(Suite):
    """A script in everyday/ that sources steps.sh: each step's exit status and outputs, and what is left on disk."""

    steps = True

    def __init__(self, name, about, packages=(), unsteady_files=(), **options):
        super().__init__(name, about, packages, **options)
        self.unsteady_files = unsteady_files

    def command(self, results, only):
        return ["/bin/bash", str(HERE / "everyday" / f"{self.name}.sh")]

    def outcomes(self, results, output):
        return outcomes.of_steps(results)

    def broken(self, bare):
        """Every step works bare, or it would show nothing."""
        failed = [n for n, o in bare.items() if not n.startswith(("(", "fails-")) and not o.startswith(("exit status 0\n", "exit status 77\n"))]
        if not any(not n.startswith("(") for n in bare):
            return "no step ran"
        return f"{failed[0]}: {outcomes.shown(bare[failed[0]])}" if failed else ""


SUITES = [
    CPython("python-os", ["test_os", "test_posix", "test_posixpath", "test_genericpath", "test_glob", "test_fcntl", "test_pty", "test_mmap"], seconds=40),
    CPython("python-io", ["test_io", "test_fileio", "test_file", "test_largefile"], seconds=200),
    CPython("python-socket", ["test_socket"],
            differs={"*BasicVSOCKTest*": "AF_VSOCK leads out of the machine and is refused where it is made",
                     "test_socket as a whole": "fails because of the above", "(the end*": "says that it did"},
            left_out={"*ThreadedVSOCKSocketStreamTest*": "waits for ever on machines whose vsock does not loop back"}, seconds=70),
    # "network" is what test_socketserver wants for its servers on loopback.
    CPython("python-poll", ["test_socketserver", "test_epoll", "test_poll", "test_select", "test_selectors"], resources="subprocess,network", seconds=105),
    CPython("python-process", ["test_subprocess", "test_popen", "test_fork1", "test_wait3", "test_wait4"], seconds=190),
    CPython("python-mp-fork", ["test_multiprocessing_fork", "test_multiprocessing_main_handling"], limit=900, seconds=380),
    CPython("python-mp-server", ["test_multiprocessing_forkserver"], limit=900, seconds=380),
    # In parts: each of its many children is a whole start of Python.
    CPython("python-mp-spawn-processes", ["test_multiprocessing_spawn"], matching=["WithProcesses*"], limit=900, seconds=500),
    CPython("python-mp-spawn-threads", ["test_multiprocessing_spawn"], matching=["WithThreads*"], limit=900, seconds=60),
    CPython("python-mp-spawn-managers", ["test_multiprocessing_spawn"], matching=["WithManager*"], limit=900, seconds=300),
    CPython("python-mp-spawn-rest", ["test_multiprocessing_spawn"], limit=900,
            left_out={f"With{what}*": "is in the suites above" for what in ("Processes", "Threads", "Manager")}, seconds=200),
    CPython("python-asyncio", ["test_asyncio"], seconds=680),
    CPython("python-ssl", ["test_ssl"], seconds=150),
    CPython("python-urllib", ["test_urllib", "test_urllib2", "test_urllib2_localnet", "test_urllib_response", "test_httplib", "test_httpservers"], seconds=70),
    CPython("python-venv", ["test_venv"], seconds=200),
    CPython("python-files", ["test_tempfile", "test_shutil", "test_pathlib"], seconds=30),
    CPython("python-stranger", ["test_os", "test_posix", "test_tempfile", "test_shutil", "test_pathlib", "test_subprocess"], stranger=True, seconds=200),
    CPython("python-threads", ["test_threading", "test_threading_local", "test_thread", "test_threadsignals"], seconds=150),
    CPython("python-signal", ["test_signal", "test_faulthandler"], seconds=200),
    CPython("python-ctypes", ["test_ctypes"], seconds=20),
    Steps("allowed", "what stays reachable: loopback, Unix sockets, siblings of the cache, private mappings, /dev, terminals",
          ["python3", "iproute2"], seconds=10),
    Steps("traces", "what a program sees around each call: errno, numbers of descriptors, signals, memory", ["gcc", "libc6-dev"], seconds=30),
    Steps("bash", "bash: pipes, redirections, job control, here documents", ["bash", "coreutils"], seconds=10),
    Steps("make", "make -j with a C program", ["make", "gcc", "libc6-dev"], seconds=10),
    Steps("filetools", "find, grep, sed, tar, rsync, cp, dd", ["findutils", "tar", "gzip", "rsync", "grep", "sed"], seconds=10),
    Steps("sqlite", "sqlite: write-ahead log, locks, vacuum", ["sqlite3"], seconds=5),
    Steps("perl", "perl: files, sockets, fork, open3", ["perl"], seconds=5),
    Steps("java", "javac, java: files, threads, sockets, processes", ["default-jdk-headless"], limit=240, seconds=35),
    Steps("node", "Node: files, streams, servers, workers, child processes", ["nodejs"], seconds=20),
    Steps("git", "git: commit, branch, merge, rebase, clone, gc, worktree, submodule", ["git"],
          # The index has times and inode numbers, packs depend on how threads shared the work.
          unsteady_files=[r"(\.git|modules/sub)/index$", r"objects/(pack|info)/", r"\.git/COMMIT_EDITMSG"], seconds=15),
    Steps("sanitizers", "programs built with ASan, TSan and UBSan", ["gcc", "libc6-dev"], limit=240, seconds=60),
    Steps("valgrind", "programs under Valgrind's memcheck: no further error, no further message", ["valgrind", "gcc", "libc6-dev", "bash"],
          limit=240, seconds=100),
    Steps("preloads", "jemalloc, libfaketime and fakeroot preloaded, before and after the shim", ["libjemalloc2", "libfaketime", "fakeroot", "gcc", "libc6-dev"],
          modes=("default", "everything", "after"), seconds=45),
    Steps("threads", "cancellation in connect and open, signal handlers that open files, fork in threads, 1,000 threads",
          ["gcc", "libc6-dev"], limit=240, seconds=20),
]
