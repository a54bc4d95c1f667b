#!/usr/bin/python3
"""Measures what hfoffline costs, as ratios to the same thing run bare.

A pair of workers (worker.c), one bare and one inside a run, takes the same measurement in turn, so
that whatever else the machine does hits both alike. A row's ratio is the median over all rounds of
in-run time / bare time; its spread is the middle half of those ratios. Nothing here passes or
fails: it is a measurement. A row whose calls did not do what they should says so in place of a
figure.

Runs in a network namespace of its own with nothing but lo: the bare worker dials TEST-NET addresses
to learn what the kernel's own refusal costs, and nothing may leave the machine. Where no namespace
can be made, those rows are left out.
"""

import argparse
import dataclasses
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

PYTHON = "/usr/bin/python3"


@dataclasses.dataclass(frozen=True)
class Row:
    title: str
    bare: str
    budget: float | None
    shim: str = ""  # what the other side runs, if not the same
    in_run: bool = True  # False: both sides are run by the bare worker
    outside: bool = False  # aims outside: only in a network namespace
    needs: str = ""  # a program that must be there


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
class Result:
    row: Row
    bare: float = 0.0
    shim: float = 0.0
    ratios: list[float] = dataclasses.field(default_factory=list)
    problem: str = ""


def measure(row: Row, pairs: list[tuple[Worker, Worker]], names: dict[str, str], rounds: int, sample: float) -> Result:
    result = Result(row)
    bare_name = row.bare.format(**names)
    shim_name = (row.shim or row.bare).format(**names)
    bare_times, shim_times = [], []
    for bare, shim in pairs:
        if not row.in_run:
            shim = bare
        try:
            # Warms caches, takes the first refusal's record, and says how many calls make a sample.
            first = bare.measure(bare_name, 1)
            count = int(max(1, min(100000, sample * 1e9 / first)))
            first = bare.measure(bare_name, count)
            count = int(max(1, min(1000000, sample * 1e9 / first)))
            shim_count = int(max(1, min(1000000, sample * 1e9 / shim.measure(shim_name, count))))
            for i in range(rounds):
                if i % 2 == 0:
                    a = bare.measure(bare_name, count)
                    b = shim.measure(shim_name, shim_count)
                else:
                    b = shim.measure(shim_name, shim_count)
                    a = bare.measure(bare_name, count)
                bare_times.append(a)
                shim_times.append(b)
                result.ratios.append(b / a)
        except RuntimeError as error:
            result.problem = str(error)
            return result
    result.bare = statistics.median(bare_times)
    result.shim = statistics.median(shim_times)
    return result


def duration(nanoseconds: float) -> str:
    for unit, size in (("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}" if nanoseconds < 999 * size else f"{nanoseconds / size:.0f} {unit}"
    return f"{nanoseconds:.3g} ns"


def table(results: list[Result]) -> str:
    lines = [
        "| what | bare | in a run | ratio | middle half | budget | |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for result in results:
        budget = "" if result.row.budget is None else f"≤ {result.row.budget:g}"
        if result.problem:
            lines.append(f"| {result.row.title} | | | | | {budget} | {result.problem} |")
            continue
        ratio = statistics.median(result.ratios)
        low, _, high = statistics.quantiles(result.ratios, n=4)
        verdict = "" if result.row.budget is None else "met" if round(ratio, 2) <= result.row.budget else "missed"
        lines.append(
            f"| {result.row.title} | {duration(result.bare)} | {duration(result.shim)} "
            f"| {ratio:.2f} | {low:.2f}–{high:.2f} | {budget} | {verdict} |"
        )
    return "\n".join(lines)


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
        names = {"run": " ".join(run), "directory": directory}
        own = [arguments.worker]
        pairs = [
            (
                Worker(own, dict(environment, HFOFFLINE_SHIM=arguments.shim), f"{directory}/pair-{i}"),
                Worker([*run, *own], shim_environment, f"{directory}/pair-{i}"),
            )
            for i in range(arguments.workers)
        ]
        results = []
        began = time.monotonic()
        for i, row in enumerate(rows, 1):
            print(f"[{i}/{len(rows)}] {row.title}", file=sys.stderr, flush=True)
            results.append(measure(row, pairs, names, arguments.rounds, arguments.sample))
        for bare, shim in pairs:
            bare.stop()
            shim.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)

    way = "`hfoffline run`" if arguments.launcher else "a bare LD_PRELOAD"
    rounds = arguments.workers * arguments.rounds
    heading = (
        f"Linux {platform.release()}, {' '.join(platform.libc_ver())}, {os.cpu_count()} CPUs; under {way}; "
        f"{rounds} rounds; shim file {os.path.getsize(arguments.shim):,} bytes; {time.monotonic() - began:.0f} s."
    )
    if not alone:
        heading += " No network namespace could be made: the refused calls are left out."
    report = f"{heading}\n\n{table(results)}\n"
    print(report)
    if arguments.output:
        with open(arguments.output, "w", encoding="utf-8") as file:
            file.write(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
