#!/usr/bin/python3
"""Measures what hfoffline costs, as ratios to the same thing run bare.

Workers (worker.c), one bare, one inside a run and with --peers one in each of the tools that do a similar
job, take the same measurement in turn, so that whatever else the machine does hits all alike. A row's
ratio is the median over all rounds of a side's time / bare time; its spread is the middle half of those
ratios. Nothing here passes or
fails: it is a measurement. A row whose calls did not do what they should says so in place of a
figure.

Runs in a network namespace of its own with nothing but lo: the bare worker dials TEST-NET addresses
to learn what the kernel's own refusal costs, and nothing may leave the machine. Where no namespace
can be made, those rows are left out.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "lib"))
import network_namespace  # noqa: E402
import peers  # noqa: E402

PYTHON = "/usr/bin/python3"
BARE, OURS = "bare", "hfoffline"  # names of sides


FIND = "find {directory}/layers -type f >/dev/null"
SHADOW = "{launcher} shadow python --layer core={directory}/layers/core --layer many={directory}/layers/many >/dev/null"

# The question that `hfoffline shadow` answers, as a program with Python's own means would: which names and which
# distributions are in both layers, and which extension modules are for another interpreter.
NAMES = """import importlib.machinery, importlib.metadata, os, pkgutil, sys
layers = sys.argv[1:] or [os.path.join(os.path.dirname(__file__), "layers", name) for name in ("core", "many")]
names, versions, foreign = [], [], []
for layer in layers:
    names.append({module.name for module in pkgutil.iter_modules([layer])})
    versions.append({d.metadata["Name"]: d.version for d in importlib.metadata.distributions(path=[layer])})
    for root, _, files in os.walk(layer):
        foreign += [f for f in files if ".cpython-" in f and f.endswith(".so")
                    and not f.endswith(tuple(importlib.machinery.EXTENSION_SUFFIXES))]
contested = names[0] & names[1]
clashes = {n for n in versions[0] if versions[1].get(n, versions[0][n]) != versions[0][n]}
"""


@dataclasses.dataclass(frozen=True)
class Row:
    title: str
    bare: str
    budget: float | None
    shim: str = ""  # what the other side runs, if not the same
    in_run: bool = True  # False: both sides are run by the bare worker
    outside: bool = False  # aims outside: only in a network namespace
    needs: str = ""  # a program that must be there
    layers: bool = False  # about the tree of 100,000 files


# The budgets are those of the design: see docs/architecture.md.
ROWS = [
    Row("process start: fork, exec /bin/true", "start_true", 1.12),
    Row("process start: posix_spawn /bin/true", "spawn_true", 1.12),
    Row("`hfoffline run -- /bin/true`, whole", "start_true", 3.0, shim="argv {run} /bin/true", in_run=False),
    Row("python3 -c pass", f"argv {PYTHON} -c pass", 1.02),
    Row("python3, imports", f"argv {PYTHON} {{directory}}/imports.py", 1.02),
    Row("git status, 400 files", "argv /usr/bin/git -C {directory}/tree status --porcelain", 1.02, needs="/usr/bin/git"),
    Row("grep -r, 400 files", "sh ! grep -r no-such-text {directory}/tree/files", 1.02),
    Row("tar to a pipe, 400 files", "sh tar -C {directory}/tree -cf - files | cat >/dev/null", 1.02),
    Row("find, 400 files", "argv /usr/bin/find {directory}/tree -newer /proc/version -name none", 1.02),
    Row("open for reading, absolute", "open_read", 1.02),
    Row("open for reading, relative", "open_read_relative", 1.02),
    Row("openat for reading", "openat_read", 1.02),
    Row("fopen for reading", "fopen_read", 1.02),
    Row("stat", "stat_file", 1.02),
    Row("access(R_OK)", "access_read", 1.02),
    Row("access(W_OK), outside a protected tree", "access_write", None),
    Row("open for writing outside, absolute", "open_write", 1.10),
    Row("open with O_CREAT|O_TRUNC outside, absolute", "open_create", 1.10),
    Row("open for writing outside, relative", "open_write_relative", 1.5),
    Row("openat for writing outside", "openat_write", 1.5),
    Row("unlink outside a protected tree", "unlink_file", None),
    Row("getenv, last of 30", "getenv_last_30", 1.05),
    Row("getenv, last of 300", "getenv_last_300", 1.05),
    Row("getenv, absent, 30 variables", "getenv_absent_30", 1.05),
    Row("getenv, absent, 300 variables", "getenv_absent_300", 1.05),
    Row("getenv, absent, looks managed, 30", "getenv_alike_30", 1.05),
    Row("getenv, absent, looks managed, 300", "getenv_alike_300", 1.05),
    Row("getenv, managed, 30 variables", "getenv_managed_30", 1.05),
    Row("getenv, managed, 300 variables", "getenv_managed_300", 0.3),
    Row("connect to loopback, TCP", "connect_loopback", 1.02),
    Row("connect to loopback, UDP", "connect_loopback_udp", 1.02),
    Row("connect to a Unix socket", "connect_unix", 1.02),
    Row("refused connect, after its first record", "connect_refused", 0.3, outside=True),
    Row("refused sendto, after its first record", "sendto_refused", 0.3, outside=True),
    Row("lookup of a name that cannot resolve", "lookup_unknown", 0.1, outside=True),
    Row("lookup of localhost", "lookup_localhost", None),
    Row("`hfoffline shadow`, read only, to `find -type f`; 100,000 files", f"sh {FIND}", 2.0, shim=f"sh {SHADOW} --only-read",
        in_run=False, layers=True),
    Row("`hfoffline shadow` with sentinels, to `find -type f`; 100,000 files", f"sh {FIND}", 2.0,
        shim=f"sh {SHADOW} --python {PYTHON}", in_run=False, layers=True),
    Row("`hfoffline shadow`, read only, to importlib.metadata and pkgutil", f"argv {PYTHON} {{directory}}/names.py", None,
        shim=f"sh {SHADOW} --only-read", in_run=False, layers=True),
]


def make_material(directory: str) -> str:
    """What the measured programs read; returns the models dir."""
    for i in range(20):
        os.makedirs(f"{directory}/tree/files/{i:02}")
        for j in range(20):
            with open(f"{directory}/tree/files/{i:02}/{j:02}.txt", "w", encoding="ascii") as file:
                file.write(f"{i} {j}\n" * 50)
    with open(f"{directory}/imports.py", "w", encoding="ascii") as file:
        file.write("import asyncio, email, http.client, json, logging, ssl, subprocess, unittest, xml.dom.minidom\n")
    if os.path.exists("/usr/bin/git"):
        git = ["/usr/bin/git", "-C", f"{directory}/tree", "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
        subprocess.run([*git, "init", "-q"], check=True)
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "files"], check=True)
    # A hub cache with one complete snapshot.
    models = f"{directory}/models"
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = f"{models}/models--bench--model"
    for name in ("blobs", "refs", f"snapshots/{commit}"):
        os.makedirs(f"{repository}/{name}")
    with open(f"{repository}/blobs/{'1' * 40}", "w", encoding="ascii") as file:
        file.write("{}\n")
    os.symlink(f"../../blobs/{'1' * 40}", f"{repository}/snapshots/{commit}/config.json")
    with open(f"{repository}/refs/main", "w", encoding="ascii") as file:
        file.write(commit)
    return models


def make_layers(directory: str) -> None:
    """Two layers: core with a module, and one of 200 distributions with 500 files each."""
    with open(f"{directory}/names.py", "w", encoding="ascii") as file:
        file.write(NAMES)
    os.makedirs(f"{directory}/layers/core/sealed")
    os.close(os.open(f"{directory}/layers/core/sealed/__init__.py", os.O_CREAT | os.O_WRONLY))
    for i in range(200):
        package = f"{directory}/layers/many/package{i}"
        information = f"{package}-1.0.dist-info"
        os.makedirs(information)
        for name in ("METADATA", "RECORD", "WHEEL"):
            with open(f"{information}/{name}", "w", encoding="ascii") as file:
                file.write(f"Metadata-Version: 2.1\nName: package{i}\nVersion: 1.0\n\n")
        for part in range(5):
            os.makedirs(f"{package}/part{part}")
            for j in range(99):
                os.close(os.open(f"{package}/part{part}/module{j}.py", os.O_CREAT | os.O_WRONLY))
        os.close(os.open(f"{package}/__init__.py", os.O_CREAT | os.O_WRONLY))
        os.close(os.open(f"{package}/fast.cpython-311-x86_64-linux-gnu.so", os.O_CREAT | os.O_WRONLY))


def peak_memory(command: str, environment: dict[str, str]) -> int:
    """Of the largest process of a command, in KiB."""
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", command], environment)
    return os.wait4(pid, 0)[2].ru_maxrss


class Worker:
    def __init__(self, command: list[str], environment: dict[str, str], directory: str):
        os.makedirs(directory, exist_ok=True)
        self.process = subprocess.Popen(
            [*command, directory],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=directory,
            text=True,
        )

    def measure(self, name: str, count: int) -> float:
        """Nanoseconds per call."""
        try:
            self.process.stdin.write(f"{count} {name}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self.process.stdout.readline().strip()
        if not answer:
            raise RuntimeError(f"the worker ended with status {self.process.wait()}")
        if answer.startswith("error "):
            raise RuntimeError(answer[6:])
        return int(answer) / count

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@dataclasses.dataclass
class Timing:
    """One side's figures for a row. A problem stands in place of them."""
    nanoseconds: float = 0.0
    ratios: list[float] = dataclasses.field(default_factory=list)
    problem: str = ""

    def ratio(self) -> float:
        return statistics.median(self.ratios)

    def middle_half(self) -> tuple[float, float]:
        low, _, high = statistics.quantiles(self.ratios, n=4)
        return low, high


@dataclasses.dataclass
class Result:
    row: Row
    timings: dict[str, Timing]  # by side, BARE first


class Side:
    """The workers of one way to run things; `launch` starts a command in that way."""

    def __init__(self, name: str, launch: list[str], environment: dict[str, str], own: list[str], directories: list[str],
                 launcher: str | None = None):
        self.name, self.launch, self.launcher = name, launch, launcher
        self.workers = [Worker([*launch, *own], environment, directory) for directory in directories]

    def name_of(self, row: Row, directory: str) -> str:
        what = row.bare if self.name == BARE else row.shim or row.bare
        return what.format(run=" ".join(self.launch), directory=directory, launcher=self.launcher)

    def stop(self) -> None:
        for worker in self.workers:
            worker.stop()


def calibrate(worker: Worker, name: str, sample: float) -> int:
    """Warms caches, takes the first refusal's record, and says how many calls make a sample."""
    count = 1
    for most in (100000, 1000000):
        count = int(max(1, min(most, sample * 1e9 / worker.measure(name, count))))
    return count


def measure(row: Row, sides: list[Side], directory: str, rounds: int, sample: float) -> Result:
    timings = {side.name: Timing() for side in sides}
    times: dict[str, list[float]] = {side.name: [] for side in sides}
    for i in range(len(sides[0].workers)):
        counts: dict[str, int] = {}
        for side in sides:
            # What is started whole is started from outside.
            worker = side.workers[i] if row.in_run else sides[0].workers[i]
            try:
                if not timings[side.name].problem:
                    counts[side.name] = calibrate(worker, side.name_of(row, directory), sample)
            except RuntimeError as error:
                timings[side.name].problem = str(error)
        if timings[BARE].problem:
            break
        taking_part = [side for side in sides if side.name in counts]
        for turn in range(rounds):
            took: dict[str, float] = {}
            # Each side comes first as often as last.
            for side in taking_part if turn % 2 == 0 else reversed(taking_part):
                worker = side.workers[i] if row.in_run else sides[0].workers[i]
                try:
                    took[side.name] = worker.measure(side.name_of(row, directory), counts[side.name])
                except RuntimeError as error:
                    timings[side.name].problem = str(error)
            for name, time_taken in took.items():
                times[name].append(time_taken)
                if BARE in took:
                    timings[name].ratios.append(time_taken / took[BARE])
    for name, timing in timings.items():
        if not timing.problem and timings[BARE].problem:
            timing.problem = timings[BARE].problem
        if not timing.problem:
            timing.nanoseconds = statistics.median(times[name])
    return Result(row, timings)


def duration(nanoseconds: float) -> str:
    for unit, size in (("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}" if nanoseconds < 999 * size else f"{nanoseconds / size:.0f} {unit}"
    return f"{nanoseconds:.3g} ns"


def budget_table(results: list[Result]) -> str:
    lines = [
        "| what | bare | in a run | ratio | middle half | budget | |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for result in results:
        row, timing = result.row, result.timings[OURS]
        budget = "" if row.budget is None else f"≤ {row.budget:g}"
        if timing.problem:
            lines.append(f"| {row.title} | | | | | {budget} | {timing.problem} |")
            continue
        low, high = timing.middle_half()
        verdict = "" if row.budget is None else "met" if round(timing.ratio(), 2) <= row.budget else "missed"
        lines.append(
            f"| {row.title} | {duration(result.timings[BARE].nanoseconds)} | {duration(timing.nanoseconds)} "
            f"| {timing.ratio():.2f} | {low:.2f}–{high:.2f} | {budget} | {verdict} |"
        )
    return "\n".join(lines)


def peer_table(results: list[Result], names: list[str]) -> str:
    """Ratios to bare. A dash: the peer did not do what the row asks for; the JSON says what happened."""
    lines = ["| what | " + " | ".join(names) + " |", "|---|" + "--:|" * len(names)]
    for result in results:
        cells = []
        for name in names:
            timing = result.timings[name]
            cells.append("–" if timing.problem else f"{timing.ratio():.2f}")
        lines.append(f"| {result.row.title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def as_json(results: list[Result], facts: dict) -> str:
    rows = []
    for result in results:
        sides = {}
        for name, timing in result.timings.items():
            if timing.problem:
                sides[name] = {"problem": timing.problem}
                continue
            low, high = timing.middle_half()
            sides[name] = {"nanoseconds": round(timing.nanoseconds, 1), "ratio": round(timing.ratio(), 3),
                           "middle_half": [round(low, 3), round(high, 3)], "rounds": len(timing.ratios)}
        rows.append({"what": result.row.title, "budget": result.row.budget, "sides": sides})
    return json.dumps({**facts, "rows": rows}, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worker", required=True, help="the built worker program")
    parser.add_argument("--shim", required=True, help="the built libhfoffline.so")
    parser.add_argument("--launcher", help="the built hfoffline; without it, a bare LD_PRELOAD is measured")
    parser.add_argument("--workers", type=int, default=3, help="worker pairs, one after the other")
    parser.add_argument("--rounds", type=int, default=15, help="rounds per worker pair and row")
    parser.add_argument("--sample", type=float, default=0.01, help="seconds per sample")
    parser.add_argument("--only", default="", help="only rows whose title contains this text")
    parser.add_argument("--output", help="also write the table to this file")
    parser.add_argument("--json", help="write medians and spread of every side to this file")
    parser.add_argument("--peers", action="store_true", help="also measure the other tools of peers.py that are installed")
    arguments = parser.parse_args()
    for name in ("worker", "shim", "launcher"):
        path = getattr(arguments, name)
        if path is not None:
            path = os.path.abspath(path)
            if not os.path.exists(path):
                print(f"bench: {path} is missing; nothing to measure", file=sys.stderr)
                return 0
            setattr(arguments, name, path)

    alone = network_namespace.enter()
    directory = tempfile.mkdtemp(prefix="hfoffline-bench-", dir=os.environ.get("TMPDIR", "/tmp"))
    try:
        models = make_material(directory)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("HFOFFLINE_", "HF_", "LD_"))}
        shim_environment = dict(environment, HFOFFLINE_SHIM=arguments.shim)
        run: list[str] = []
        if arguments.launcher:
            run = [arguments.launcher, "run", "--models-dir", models, "--quiet", "--"]
        else:
            shim_environment.update(LD_PRELOAD=arguments.shim, HFOFFLINE_MODELS_DIR=models)

        rows = [row for row in ROWS if arguments.only.lower() in row.title.lower()]
        rows = [row for row in rows if alone or not row.outside]
        rows = [row for row in rows if not row.needs or os.path.exists(row.needs)]
        rows = [row for row in rows if row.in_run or arguments.launcher]
        peak = 0
        if any(row.layers for row in rows):
            make_layers(directory)
            command = SHADOW.format(launcher=arguments.launcher, directory=directory)
            peak = peak_memory(f"{command} --python {PYTHON}", environment)
        own = [arguments.worker]
        places = [f"{directory}/place-{i}" for i in range(arguments.workers)]
        bare_environment = dict(environment, HFOFFLINE_SHIM=arguments.shim)
        sides = [
            Side(BARE, [], bare_environment, own, places),
            Side(OURS, run, shim_environment, own, places, arguments.launcher),
        ]
        if arguments.peers:
            for peer in peers.start(directory, models):
                sides.append(Side(peer.name, peer.launch, {**bare_environment, **peer.environment}, own, places))
        results = []
        began = time.monotonic()
        for i, row in enumerate(rows, 1):
            print(f"[{i}/{len(rows)}] {row.title}", file=sys.stderr, flush=True)
            results.append(measure(row, sides, directory, arguments.rounds, arguments.sample))
        for side in sides:
            side.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)

    facts = {
        "system": f"Linux {platform.release()}, {' '.join(platform.libc_ver())}, {os.cpu_count()} CPUs",
        "way": "hfoffline run" if arguments.launcher else "a bare LD_PRELOAD",
        "rounds": arguments.workers * arguments.rounds,
        "shim_bytes": os.path.getsize(arguments.shim),
        "shadow_peak_kib": peak,
        "seconds": round(time.monotonic() - began),
    }
    heading = (
        f"{facts['system']}; under {facts['way']}; {facts['rounds']} rounds; shim file {facts['shim_bytes']:,} bytes; "
        f"{facts['seconds']} s."
    )
    if peak:
        heading += f" `hfoffline shadow` over 100,000 files: {peak / 1024:.0f} MiB at most (budget: 200)."
    if not alone:
        heading += " No network namespace could be made: the refused calls are left out."
    report = f"{heading}\n\n{budget_table(results)}\n"
    if arguments.peers:
        report += "\nThe same beside others that were set up for the same job, as ratios to bare:\n\n"
        report += f"{peer_table(results, [side.name for side in sides[1:]])}\n"
        report += "".join(f"\nLeft out: {reason}." for reason in peers.missing())
    print(report)
    for path, text in ((arguments.output, report), (arguments.json, as_json(results, facts))):
        if path:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
