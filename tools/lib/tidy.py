#!/usr/bin/python3
"""Runs clang-tidy over src/, on as many processors as there are, and only over what changed since it
last passed. usage: tidy.py BUILD-DIRECTORY (one that was made for clang)"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys


def digest(paths: list[pathlib.Path], extra: str) -> str:
    result = hashlib.sha256(extra.encode())
    for path in paths:
        result.update(path.read_bytes())
    return result.hexdigest()


def main() -> int:
    build = pathlib.Path(sys.argv[1])
    root = pathlib.Path.cwd()
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=True).stdout
    shared = sorted(p for d in ("src", "include") for p in pathlib.Path(d).rglob("*") if p.suffix in (".h", ".def"))
    common = digest([pathlib.Path(".clang-tidy"), *shared], version)

    # A file that is compiled twice (for the tools and into the shim) is looked at once.
    commands: dict[str, dict] = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = os.path.relpath(os.path.join(entry["directory"], entry["file"]), root)
        if file.startswith("src/"):
            commands.setdefault(file, entry)
    work = build / "tidy"
    work.mkdir(exist_ok=True)
    (work / "compile_commands.json").write_text(json.dumps(list(commands.values())))

    passed = work / "passed.json"
    known: dict[str, str] = json.loads(passed.read_text()) if passed.exists() else {}
    now = {file: digest([pathlib.Path(file)], common) for file in sorted(commands)}
    todo = [file for file in now if known.get(file) != now[file]]

    def tidy(file: str) -> tuple[str, int, str]:
        result = subprocess.run(
            ["clang-tidy", "-p", str(work), "--quiet", file],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        return file, result.returncode, result.stdout

    failures = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for i, (file, status, output) in enumerate(pool.map(tidy, todo), 1):
            print(f"   [{i}/{len(todo)}] {file}", flush=True)
            if status == 0:
                known[file] = now[file]
            else:
                failures += 1
                print(output)
    passed.write_text(json.dumps({file: known[file] for file in now if known.get(file) == now[file]}))
    print(f"   {len(now) - failures} of {len(now)} files are clean ({len(todo)} looked at).")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
