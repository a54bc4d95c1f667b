#!/usr/bin/python3
"""Shows that a program which neither writes to the cache nor leaves the machine cannot tell that the shim is there.

Runs every suite of suites.py three times, each time where there is no network but lo:

    bare       as it is
    default    inside `hfoffline run` with a sample cache
    everything the same with --mode audit, which lets everything through

and compares bare with each of the others test by test: the same tests, the same outcomes. What differs
is run three times more both ways; it is different if it came out one way bare, and never so inside. A
suite whose packages are missing is skipped, as is one that twice does not work bare, which shows nothing, and one
that there is no time left for (--minutes).

The last line says "N passed, N failed, N skipped", where a suite in one mode counts as one.
"""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import outcomes
import suites

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
sys.path.insert(0, str(SOURCE / "tools/lib"))
import time_budget  # noqa: E402

NAMESPACE = SOURCE / "tools/lib/network_namespace.py"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
NOBODY = 65534
BECOME_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]


class Place:
    """Where one suite runs: the same paths bare and inside, so that outputs can be compared to the byte."""

    def __init__(self, base, name, options):
        self.root = base / name
        self.options = options
        self.work = self.root / "work"
        self.results = self.root / "results"
        self.record = self.root / "record.jsonl"
        self.root.mkdir(parents=True)

    def fresh(self, owner):
        for path in (self.work, self.results, self.root / "tmp"):
            if path.exists():
                subprocess.run(["chmod", "-R", "u+rwx", str(path)], capture_output=True, check=False)
                shutil.rmtree(path)
            path.mkdir()
            os.chown(path, owner, -1)
        self.record.unlink(missing_ok=True)
        os.chown(self.root, owner, -1)

    def environment(self):
        names = ("LANG", "HOME", "USER", "LOGNAME", "SHELL", "CI")
        environment = {name: os.environ[name] for name in names if name in os.environ}
        environment.update(PATH=PATH, LC_ALL="C.UTF-8", TMPDIR=str(self.root / "tmp"), TZ="UTC", WORK=str(self.work),
                           RESULTS=str(self.results), SUITES=str(HERE), SOURCE=str(SOURCE), MODELS=str(self.options.models))
        return environment


def run(suite, mode, place, only=None, patience=1):
    """{test: outcome} of one run of a suite. `only` are the tests that are looked at, where a suite can run a part.
    It may take `patience` times as long as the suite's limit."""
    place.fresh(NOBODY if suite.stranger else -1)
    command = suite.command(place.results, only)
    environment = place.environment()
    launcher = [str(place.options.build / "src/cli/hfoffline"), "run", "--quiet", "--models-dir", str(place.options.models),
                "--record", str(place.record)]
    if mode == "default":
        command = launcher + ["--"] + command
    elif mode == "everything":
        command = launcher + ["--mode", "audit", "--"] + command
    elif mode == "after":  # the suite preloads the shim itself, behind another library
        environment["SHIM_AFTER"] = str(place.options.build / "src/shim/libhfoffline.so")
    if suite.stranger:
        environment["HOME"] = str(place.work)
        command = BECOME_NOBODY + command
    # A session of its own, so that nothing of it stays behind when its time is over.
    process = subprocess.Popen(["setsid", "--wait", "/usr/bin/python3", str(NAMESPACE)] + command, cwd=place.work, env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                               start_new_session=True)
    try:
        output, _ = process.communicate(timeout=suite.limit * patience)
        end = str(process.returncode)
    except subprocess.TimeoutExpired:
        for pid in session_members(process.pid):
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                pass
        output, _ = process.communicate()
        end = f"no end after {suite.limit * patience:.0f} s"
    (place.root / f"{mode}.log").write_text(output)
    found = suite.outcomes(place.results, output)
    if only is None:
        found["(the end of the suite)"] = end
    if suite.steps:
        found["(what it left behind)"] = outcomes.listing(place.work, suite.unsteady_files)
        found["(what was refused)"] = outcomes.violations(place.record)
    return found


def session_members(root):
    """The process and all below it, deepest last."""
    children = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                text = pathlib.Path(entry.path, "stat").read_text()
            except OSError:
                continue
            children.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def compare(suite, mode, bare, inside, place):
    """(same, different, notes) of a suite: {test: outcome} bare against inside."""
    names = sorted(set(bare) | set(inside))
    ignored = {n: suite.reason(n) for n in names if suite.reason(n)}
    differing = [n for n in names if n not in ignored and bare.get(n) != inside.get(n)]
    notes, unsteady = [], set()
    if differing:
        seen = {n: ({str(bare.get(n, "not run"))}, {str(inside.get(n, "not run"))}) for n in differing}
        for _ in range(place.options.repeats):
            for side, which in ((0, "bare"), (1, mode)):
                again = run(suite, which, place, only=differing)
                for n in differing:
                    if n in again or not n.startswith("("):
                        seen[n][side].add(str(again.get(n, "not run")))
        unsteady = {n for n in differing if seen[n][0] & seen[n][1] or len(seen[n][0]) > 1}
        for n in differing:
            if n in unsteady:
                notes.append(f"  unsteady, so no difference: {n}")
            else:
                notes.append(f"  DIFFERENT: {n}")
                notes += outcomes.difference(*seen[n])
    different = [n for n in differing if n not in unsteady]
    for n, reason in ignored.items():
        if bare.get(n) != inside.get(n):
            notes.append(f"  a deliberate difference: {n}: {reason}")
    return len(names) - len(different) - len(ignored), different, notes


def judge(suite, place):
    """Runs a suite in each of its modes; [(mode, verdict, line, notes)]."""
    start = time.monotonic()
    late = place.options.budget.refusal(suite.seconds)
    if late:
        return [(mode, "skipped", late, []) for mode in suite.modes]
    missing = [p for p in suite.packages() if not is_installed(p)]
    if missing:
        return [(mode, "skipped", f"not installed: {', '.join(missing)}", []) for mode in suite.modes]
    if suite.stranger:
        shim = str(place.options.build / "src/shim/libhfoffline.so")
        reached = subprocess.run(BECOME_NOBODY + ["test", "-r", shim, "-a", "-r", str(place.options.models)], capture_output=True, check=False)
        if reached.returncode != 0:
            return [(mode, "skipped", "it needs root, and a build that others can read", []) for mode in suite.modes]
    bare = run(suite, "bare", place)
    if suite.broken(bare):
        bare = run(suite, "bare", place)
    broken = suite.broken(bare)
    if broken:
        log = (place.root / "bare.log").read_text()[-1500:].splitlines()
        return [(mode, "skipped", f"fails without the shim too: {broken}", [f"  {line}" for line in log]) for mode in suite.modes]
    results = []
    for mode in suite.modes:
        inside = run(suite, mode, place)
        if inside["(the end of the suite)"].startswith("no end"):
            # Bare it may have come to its end only just.
            inside = run(suite, mode, place, patience=3)
        same, different, notes = compare(suite, mode, bare, inside, place)
        took, start = time.monotonic() - start, time.monotonic()
        skipped = sum(1 for o in bare.values() if str(o).startswith("skipped"))
        ignored = len([n for n in set(bare) | set(inside) if suite.reason(n)])
        place.options.budget.took(suite.seconds / len(suite.modes), took)
        line = f"{len(bare)} run, {same} same, {len(different)} different, {ignored} deliberate, {skipped} skipped by themselves ({took:.0f} s)"
        results.append((mode, "failed" if different else "passed", line, notes))
    return results


def is_installed(package):
    result = subprocess.run(["dpkg-query", "-W", "-f=${db:Status-Status}", package], capture_output=True, text=True, check=False)
    return result.stdout == "installed"


def install(chosen):
    """Through the same door as tools/test; what cannot be installed is skipped later, with its name."""
    wanted = sorted({f"{p}: {s.name}" for s in chosen for p in s.packages()})
    by_package = {}
    for entry in wanted:
        by_package.setdefault(entry.split(":")[0], entry)
    subprocess.run(["bash", "-c", '. "$0"/tools/lib/common.sh; install_packages "$@"', str(SOURCE), *by_package.values()], check=False,
                   stdin=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=SOURCE / "build", help="the build directory (default: build)")
    parser.add_argument("--no-install", action="store_true", help="install no packages; suites that lack some are skipped")
    parser.add_argument("--list", action="store_true", help="name the suites and what they run, nothing else")
    parser.add_argument("--jobs", type=int, default=max(2, os.cpu_count() or 2), help="suites side by side")
    parser.add_argument("--minutes", type=float, help="start only what fits in so many minutes, the shortest first")
    parser.add_argument("--repeats", type=int, default=3, help="how often what differs is run again, both ways (default: 3)")
    parser.add_argument("--keep", action="store_true", help="leave the directory with every suite's last output")
    parser.add_argument("names", nargs="*", metavar="SUITE")
    options = parser.parse_args()
    options.build = options.build.resolve()

    unknown = set(options.names) - {s.name for s in suites.SUITES}
    if unknown:
        parser.error(f"no such suite: {', '.join(sorted(unknown))}")
    chosen = [s for s in suites.SUITES if not options.names or s.name in options.names]
    if options.list:
        for suite in chosen:
            print(f"{suite.name:26}{suite.seconds:4} s  {suite.about}")
        return 0

    options.budget = time_budget.Budget(options.minutes)
    counts = {"passed": 0, "failed": 0, "skipped": 0}

    def finish():
        print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()), flush=True)

    if subprocess.run(["/usr/bin/python3", str(NAMESPACE), "--check"], check=False).returncode != 0:
        print("skipped: no network namespace can be made here, and nothing may leave the machine")
        counts["skipped"] = sum(len(s.modes) for s in chosen)
        finish()
        return 0
    if not options.no_install:
        install(chosen)

    # Short, or there is no room for the names of Unix sockets.
    base = pathlib.Path(tempfile.mkdtemp(prefix="hfi-", dir="/tmp"))
    base.chmod(0o755)
    options.models = base / "models"
    subprocess.run([str(options.build / "src/cli/hfoffline"), "sample", str(options.models)], check=True, stdout=subprocess.DEVNULL)
    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            ordered = options.budget.ordered(chosen, lambda s: s.seconds)
            pending = {pool.submit(judge, s, Place(base, f"{n:02}", options)): s for n, s in enumerate(ordered)}
            for done in concurrent.futures.as_completed(pending):
                suite = pending[done]
                try:
                    results = done.result()
                except Exception as error:  # pylint: disable=broad-except
                    results = [("bare", "failed", f"the driver failed: {error!r}", [])]
                for mode, verdict, line, notes in results:
                    counts[verdict] += 1
                    print(f"{verdict:8}{suite.name:26}{mode:11}{line}")
                    for note in notes:
                        print(note)
                    sys.stdout.flush()
    finally:
        if options.keep:
            print(f"kept: {base}", *(f"{n:02}={s.name}" for n, s in enumerate(ordered)))
        else:
            subprocess.run(["chmod", "-R", "u+rwx", str(base)], capture_output=True, check=False)
            shutil.rmtree(base, ignore_errors=True)
    finish()
    return 1 if counts["failed"] or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
