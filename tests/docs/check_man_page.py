#!/usr/bin/python3
"""The man page names every command and every flag that the program itself lists.

usage: check_man_page.py HFOFFLINE MAN-PAGE
"""

import re
import subprocess
import sys


def help_of(program: str, *command: str) -> str:
    return subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=True).stdout


def main() -> int:
    program, page = sys.argv[1:]
    with open(page, encoding="utf-8") as file:
        # troff writes "-" as "\-", and bold as "\f[B]...\f[R]" or "\fB...\fR".
        text = re.sub(r"\\f(\[\w*\]|.)", "", file.read().replace("\\-", "-"))
    if ".TH" not in text or "hfoffline" not in text:
        print("this is no man page")
        return 1
    listed = help_of(program).split("Commands:\n")[1].split("\n\n")[0]
    commands = [name for name in re.findall(r"(?m)^  ([a-z-]+)", listed) if name != "help"]
    missing = [f"command {name}" for name in commands if f"hfoffline {name}" not in text]
    flags = set()
    for name in commands:
        flags |= set(re.findall(r"(?m)^  (?:-\w, )?(--[a-z-]+)", help_of(program, name)))
    missing += [f"flag {flag}" for flag in sorted(flags) if not re.search(re.escape(flag) + r"(?![a-z-])", text)]
    print(f"{len(commands)} commands and {len(flags)} flags; missing from the man page: {', '.join(missing) or 'none'}")
    return 1 if missing or len(commands) < 5 or len(flags) < 15 else 0


if __name__ == "__main__":
    sys.exit(main())
