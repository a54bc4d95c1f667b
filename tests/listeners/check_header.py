#!/usr/bin/python3
"""Runs a program that uses the public header, with and without the shim.

usage: check_header.py PROGRAM SHIM VERSION
"""

import os
import subprocess
import sys
import tempfile


def main() -> None:
    program, shim = (os.path.abspath(path) for path in sys.argv[1:3])
    version = sys.argv[3]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("HFOFFLINE_") and k != "LD_PRELOAD"}
    with tempfile.TemporaryDirectory() as directory:
        models = os.path.realpath(directory) + "/models"
        os.makedirs(f"{models}/hub/models--a--b/blobs")
        in_run = {"LD_PRELOAD": shim, "HFOFFLINE_MODELS_DIR": models, "HFOFFLINE_SCRATCH": f"{directory}/scratch"}
        permitted = {**in_run, "HFOFFLINE_ALLOW_FROM_TESTS": "true", "HFOFFLINE_RECORD": "record.jsonl"}
        record = os.path.realpath(directory) + "/record.jsonl"
        for extra, expected in (
            ({}, "0 none none 0 0 0 none none ok ok"),
            (in_run, f"1 {version} {models} 1 1 0 none none EPERM EPERM"),
            (permitted, f"1 {version} {models} 1 1 0 none {record} ok EINVAL"),
        ):
            result = subprocess.run(
                [program], env={**clean, **extra}, cwd=directory, capture_output=True, text=True, stdin=subprocess.DEVNULL
            )
            if result.returncode != 0 or result.stdout.strip() != expected:
                sys.exit(f"FAILED: expected {expected!r}, got {result.stdout!r}, status {result.returncode}\n{result.stderr}")
            print(f"ok: {expected}")


if __name__ == "__main__":
    main()
