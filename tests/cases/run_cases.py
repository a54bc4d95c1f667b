#!/usr/bin/env python3
"""Runs the cases, two at a time:  run_cases.py [--build DIR] [NAME]...

NAME picks cases that have it in their name. Prints each failure and each skip with its reason, then
`N passed, N failed, N skipped`; exits with 1 if anything failed.
"""
import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
NO_CASES = {"run_cases.py", "case.py", "name_server.py", "shadow_trees.py", "durable_layers.py"}
SKIPPED = 77


def run(case, environment):
    start = time.monotonic()
    try:
        process = subprocess.run([case], env=environment, capture_output=True, text=True, errors="replace", timeout=600)
        code, output = process.returncode, process.stdout + process.stderr
    except subprocess.TimeoutExpired:
        code, output = 1, "no end after 600 s\n"
    return case.name, code, output, time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="the build directory (default: build)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    build = pathlib.Path(options.build).resolve()
    environment = dict(os.environ, BUILD=str(build), HFOFFLINE=str(build / "src/cli/hfoffline"),
                       SHIM=str(build / "src/shim/libhfoffline.so"))
    for name in ("HFOFFLINE", "SHIM"):
        if not os.path.exists(environment[name]):
            sys.exit(f"{environment[name]} is not there: build it first (ninja -C {build})")
    cases = sorted(path for path in HERE.iterdir() if path.suffix in (".py", ".sh") and path.name not in NO_CASES)
    cases = [c for c in cases if not options.names or any(n in c.name for n in options.names)]

    counts = {"passed": 0, "failed": 0, "skipped": 0}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for name, code, output, seconds in pool.map(lambda c: run(c, environment), cases):
            outcome = {0: "passed", SKIPPED: "skipped"}.get(code, "failed")
            counts[outcome] += 1
            print(f"{outcome:8}{seconds:6.1f} s  {name}")
            if outcome != "passed":
                print("    " + output.strip().replace("\n", "\n    "))
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    sys.exit(1 if counts["failed"] or not cases else 0)


main()
