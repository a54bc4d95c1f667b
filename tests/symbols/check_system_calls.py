#!/usr/bin/env python3
"""Holds src/shim/system_calls.def against hooks.def, the kernel's system calls, what judges them and the probes.

What is checked, and why it matters, is said at each check; --list-checks prints their names. With --walk
the program of that name calls every number that is to be passed on, under the shim and in front of a library that
takes the place of the kernel.
"""

import argparse
import glob
import os
import re
import subprocess
import sys
import tempfile

import check_symbols
import list_system_calls

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
# What a judged call answers when it is refused.
REFUSALS = re.compile(r"(EROFS|EACCES|ENETUNREACH|EPERM|EAFNOSUPPORT|ENODEV|EXDEV|0 read-only|read-only)\b")
JUDGES = ("hooks_syscall.cpp", "files_by_number.cpp", "network_by_number.cpp")
NEVER = 1023  # no kernel has as many


class Row:
    def __init__(self, kind, names, line, tried="", functions=(), why="", effect="", texts=""):
        self.kind, self.names, self.line = kind, names, line
        self.tried, self.functions, self.why = tried, functions, why
        # Of what only reads the row itself is all: by it, paths are redirected.
        self.is_enough = effect == "reads" and texts != "none"


def read_rows(text, name="system_calls.def"):
    """Rows of system_calls.def, and complaints about what is none."""
    rows, complaints = [], []
    text = re.sub(r"(?m)^[ \t]*(//|#).*$", "", text)
    for match in re.finditer(r'(?m)^\w+\((?:"(?:[^"\\]|\\.)*"|[^)"])*\)|\S.*$', text):
        row = match.group(0)
        where = "%s:%d" % (name, text.count("\n", 0, match.start()) + 1)
        call = re.fullmatch(r"CALL\((\w+),\s*(\w+),\s*(\w+),\s*(\w+)(?:,([\w\s]+))?\)", row)
        other = re.fullmatch(r'(PASS|NONE)\(([\w\s]+),\s*"(.*)"\)', row)
        if call:
            rows.append(Row("CALL", [call.group(1)], where, call.group(4), (call.group(5) or "").split(),
                            effect=call.group(2), texts=call.group(3)))
        elif other and other.group(1) == "PASS":
            rows.append(Row("PASS", other.group(2).split(), where, why=other.group(3)))
        elif other:
            rows.append(Row("NONE", [], where, functions=other.group(2).split(), why=other.group(3)))
        else:
            complaints.append("%s: not a row: %s" % (where, row))
    return rows, complaints


def read_judged(text):
    """{architecture: names and numbers that the sources have a case or a comparison for}."""
    found = {architecture: set() for architecture in list_system_calls.ARCHITECTURES}
    guards = []
    for line in text.splitlines():
        guard = re.match(r"\s*#\s*(ifdef|if|else|endif)\b(.*)", line)
        if guard and guard.group(1) in ("if", "ifdef"):
            guards.append("x86_64" if "__x86_64__" in guard.group(2) else None)
        elif guard and guard.group(1) == "endif":
            guards.pop()
        words = re.findall(r"(?:\bcase|number ==) (?:SYS_(\w+)|(\d+))", line)
        for architecture in found:
            if all(of in (None, architecture) for of in guards):
                found[architecture].update(name or int(number) for name, number in words)
    return found


class Facts:
    def __init__(self, rows, hooks, kernel, reviewed, judged, probed, cases):
        self.rows = rows
        self.hooks = hooks          # names of hooked functions
        self.kernel = kernel        # {system call: {architecture: number}}
        self.reviewed = reviewed    # names of system calls
        self.judged = judged        # as read_judged() has it
        self.probed = probed        # {system call: answers of its rows in the recorded oracle}
        self.cases = cases          # {case: its text and that of its program}
        self.calls = {row.names[0]: row for row in rows if row.kind == "CALL"}


def check_duplicates(facts):
    """A call decided twice is decided by accident; so is a function that ends in calls and in none."""
    seen = {}
    for line, name in [(row.line, name) for row in facts.rows for name in row.names] + [
            ("reviewed_system_calls.txt", name) for name in facts.reviewed]:
        if name in seen:
            yield "%s: %s is also at %s" % (line, name, seen[name])
        seen.setdefault(name, line)
    without = {name: row.line for row in facts.rows if row.kind == "NONE" for name in row.functions}
    for row in facts.calls.values():
        for name in row.functions:
            if name in without:
                yield "%s: %s ends in no system call, says %s" % (row.line, name, without[name])


def check_hooks(facts):
    """A hooked function that is forgotten here may have a number that goes around it."""
    named = {name: row.line for row in facts.rows for name in row.functions}
    for name in sorted(facts.hooks - set(named)):
        yield "%s is hooked, and nothing says which system call it ends in: CALL or NONE in system_calls.def" % name
    for name in sorted(set(named) - facts.hooks):
        yield "%s: %s is not hooked" % (named[name], name)


def check_undecided(facts):
    """A system call that nobody has looked at may be a way around us."""
    decided = {name for row in facts.rows for name in row.names} | set(facts.reviewed)
    for name in sorted(set(facts.kernel) - decided):
        yield "%s is undecided: CALL or PASS in system_calls.def, or reviewed_system_calls.txt" % name
    for name in sorted(decided - set(facts.kernel)):
        yield "%s is no system call" % name
    for row in facts.rows:
        if row.kind != "CALL" and not row.why.strip():
            yield "%s: no reason is given" % row.line


def check_judged(facts):
    """A call that is said to be judged has to be, on each architecture that has it; and nothing else is."""
    for architecture, names in facts.judged.items():
        numbers = {name: of[architecture] for name, of in facts.kernel.items() if architecture in of}
        by_number = {number: name for name, number in numbers.items()}
        found = {by_number.get(name, str(name)) if isinstance(name, int) else name for name in names}
        needed = {name for name, row in facts.calls.items() if name in numbers and not row.is_enough}
        for name in sorted(needed - found):
            yield "%s: nothing judges %s on %s" % (facts.calls[name].line, name, architecture)
        for name in sorted(name for name in found if name not in facts.calls):
            yield "%s is judged on %s, and has no CALL in system_calls.def" % (name, architecture)
        for name in sorted(name for name in found if name in facts.calls and name not in numbers):
            yield "%s is judged on %s, which has no such call" % (name, architecture)


def check_tried(facts):
    """What is judged has been refused and has passed, held against the kernel, or in a case."""
    for name, row in facts.calls.items():
        if row.tried != "probes":
            if row.tried not in facts.cases:
                yield "%s: no such case: %s" % (row.line, row.tried)
            elif not re.search(r"\bSYS_%s\b|\b%s\b" % (name, name), facts.cases[row.tried]):
                yield "%s: %s does not name %s" % (row.line, row.tried, name)
            continue
        answers = facts.probed.get(name, [])
        if not any(REFUSALS.match(answer) for answer in answers):
            yield "%s: no probe of syscall(%s) is refused" % (row.line, name)


CHECKS = [check_duplicates, check_hooks, check_undecided, check_judged, check_tried]


def probed_in(path):
    """{system call: answers} of the recorded oracle; every row of a tree has a twin beside it, which is not recorded."""
    found = {}
    with open(path) as file:
        for line in file:
            name = re.match(r"syscall\((\w+)", line)
            if name:
                found.setdefault(name.group(1), []).append(line.split("\t")[3])
    return found


def text_of_cases(directory):
    """{case: its text and that of the programs that it names}."""
    found = {}
    for path in glob.glob(os.path.join(directory, "*.py")):
        text = read(path)
        sources = re.findall(r'program\("(\w+)"\)', text)
        for source in sources:  # and what they share
            source = os.path.join(directory, "programs", source + ".c")
            if os.path.exists(source):
                added = read(source)
                sources += [name for name in re.findall(r'#include "(\w+)\.h"', added) if name not in sources]
                text += added
        found[os.path.basename(path)[:-len(".py")]] = text
    return found


def read(*path):
    with open(os.path.join(*path)) as file:
        return file.read()


def own_kernel():
    """What this machine's headers have, where there are any: newer than the list they may be."""
    machine = os.uname().machine
    for path in glob.glob("/usr/include/*/asm/unistd_64.h") + glob.glob("/usr/include/asm/unistd_64.h"):
        if machine in path or path.startswith("/usr/include/asm"):
            return {name: {machine: number} for name, number in list_system_calls.numbers(path).items()}
    return {}


def facts_of(source):
    rows, complaints = read_rows(read(source, "src/shim/system_calls.def"))
    kernel = list_system_calls.read_system_calls(os.path.join(HERE, "system_calls.txt"))
    for name, numbers in own_kernel().items():
        kernel.setdefault(name, numbers)
    hooks, _ = check_symbols.read_hooks(os.path.join(source, "src/shim/hooks.def"))
    return Facts(rows, {row.name for row in hooks if row.kind == "HOOK"}, kernel,
                 check_symbols.read_reviewed(os.path.join(HERE, "reviewed_system_calls.txt")),
                 read_judged("".join(read(source, "src/shim", name) for name in JUDGES)),
                 probed_in(os.path.join(source, "tests/probes/recorded_oracle.tsv")),
                 text_of_cases(os.path.join(source, "tests/cases"))), complaints


def run_checks(facts):
    return [(check.__name__[len("check_"):], complaint) for check in CHECKS for complaint in check(facts)]


def walk(facts, program, echo, shim):
    """Every number that is not judged reaches the kernel as it was given, with all of its words; complaints."""
    machine = os.uname().machine
    judged = {facts.kernel[name].get(machine) for name in facts.calls}
    passed = [number for number in range(NEVER + 1) if number not in judged]
    with tempfile.TemporaryDirectory() as directory:
        os.mkdir(os.path.join(directory, "models"))
        environment = {"LD_PRELOAD": "%s %s" % (os.path.abspath(shim), os.path.abspath(echo)), "HFOFFLINE_MODELS_DIR": os.path.join(directory, "models"),
                       "HFOFFLINE_QUIET": "true", "HFOFFLINE_SCRATCH": directory, "LC_ALL": "C"}
        done = subprocess.run([program] + [str(number) for number in passed], env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = done.stdout.decode(errors="replace")
    names = {of.get(machine): name for name, of in facts.kernel.items()}
    for number in re.findall(r"(?m)^lost (\d+)$", text):
        yield "%s (%s) does not reach the kernel untouched" % (names.get(int(number), "no call"), number)
    if done.returncode not in (0, 1) or not re.search(r"(?m)^%d numbers$" % len(passed), text):
        yield "the walk ended with %d: %s" % (done.returncode, text[-500:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--walk", nargs=3, metavar=("PROGRAM", "ECHO", "SHIM"), help="call every number that is passed on")
    parser.add_argument("--list-checks", action="store_true", help="what is checked, and why")
    options = parser.parse_args()
    if options.list_checks:
        for check in CHECKS:
            print("%-12s %s" % (check.__name__[len("check_"):], check.__doc__))
        return 0
    facts, complaints = facts_of(SOURCE)
    found = [("rows", complaint) for complaint in complaints] + run_checks(facts)
    if options.walk:
        found += [("walk", complaint) for complaint in walk(facts, *options.walk)]
    for check, complaint in found:
        print("%s: %s" % (check, complaint))
    print("%d system calls: %d judged, %d passed on, %d reviewed; %d complaints" % (
        len(facts.kernel), len(facts.calls), sum(len(row.names) for row in facts.rows if row.kind == "PASS"),
        len(facts.reviewed), len(found)))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
