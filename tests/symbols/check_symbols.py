#!/usr/bin/env python3
"""Holds libhfoffline.so against hooks.def, the libc in use and all libcs of libcs.txt.

What is checked, and why it matters, is said at each check; --list-checks prints their names.
"""

import argparse
import os
import re
import sys

import elf
import list_functions

ALLOWED_UNDEFINED = {"environ": None, "__errno_location": None, "dlsym": elf.STB_WEAK,
                     "dl_iterate_phdr": elf.STB_WEAK}
# A heap, exceptions or the C++ library would make us depend on what the program may lack.
FORBIDDEN = re.compile(r"(malloc|calloc|realloc|free|aligned_alloc|posix_memalign|memalign|valloc"
                       r"|_Zn[wa].*|_Zd[la].*|__cxa_.*|__gxx_personality.*|_Unwind_.*|_ZSt.*|_ZNSt.*|_ZNKSt.*"
                       r"|__dynamic_cast|_ZTVN10__cxxabiv.*)(@.*)?\Z")

HERE = os.path.dirname(os.path.abspath(__file__))
REVIEWED = os.path.join(HERE, "reviewed_functions.txt")
LIBCS = os.path.join(HERE, "libcs.txt")


class Row:
    def __init__(self, kind, name, detail, line):
        self.kind, self.name, self.detail, self.line = kind, name, detail, line


def read_hooks(path):
    """Rows of hooks.def, one for each name, and complaints about what is none."""
    rows, complaints = [], []
    with open(path) as file:
        text = re.sub(r"(?m)^[ \t]*//.*$", "", file.read())
    for match in re.finditer(r'(?m)^\w+\((?:"(?:[^"\\]|\\.)*"|[^)"])*\)|\S.*$', text):
        row = match.group(0)
        where = "%s:%d" % (os.path.basename(path), text.count("\n", 0, match.start()) + 1)
        hook = re.fullmatch(r"HOOK\(([\w$]+),\s*\w+,\s*(required|optional),\s*(linux|darwin|darwin_x86_64|both)\)", row)
        api = re.fullmatch(r"API\((\w+)\)", row)
        skip = re.fullmatch(r'SKIP\(([\w\s]+),\s*"(.*)"\)', row)
        if hook and hook.group(3).startswith("darwin"):
            pass  # of another file: tests/dylib
        elif hook:
            rows.append(Row("HOOK", hook.group(1), hook.group(2), where))
        elif api:
            rows.append(Row("API", api.group(1), "", where))
        elif skip:
            rows += [Row("SKIP", name, skip.group(2), where) for name in skip.group(1).split()]
        else:
            complaints.append("%s: not a row: %s" % (where, row))
    return rows, complaints


def read_reviewed(path):
    """Names of functions that take nothing we decide about. Lines of '#' say of each group why."""
    with open(path) as file:
        return [name for line in file if not line.startswith("#") for name in line.split()]


def functions_of(libc_path):
    """What a libc exports together with the libraries beside it that are part of it."""
    found = list_functions.functions(libc_path)
    directory = os.path.dirname(os.path.abspath(libc_path))
    for name in os.listdir(directory):
        path = os.path.join(directory, name)
        # By their sonames: libnsl.so.2 and others are not part of it.
        if re.match(r"(lib(pthread\.so\.0|dl\.so\.2|rt\.so\.1|resolv\.so\.2|util\.so\.1|anl\.so\.1|nsl\.so\.1"
                    r"|BrokenLocale\.so\.1)|ld-linux.*\.so\.\d)\Z", name):
            try:
                found |= list_functions.functions(path)
            except (elf.ElfError, OSError):
                pass  # of another machine
    return found


class Facts:
    def __init__(self, library, libcs, rows, reviewed):
        self.library = library
        self.libcs = libcs  # {name: functions}
        self.rows = rows
        self.reviewed = reviewed
        self.symbols = library.dynamic_symbols()
        self.exports = {symbol.name for symbol in self.symbols if symbol.is_defined}
        self.undefined = [symbol for symbol in self.symbols if not symbol.is_defined]
        self.hooks = {row.name: row for row in rows if row.kind == "HOOK"}
        self.skips = {row.name: row for row in rows if row.kind == "SKIP"}
        self.api = {row.name for row in rows if row.kind == "API"}


def check_duplicates(facts):
    """A function decided twice is decided by accident."""
    seen = {}
    for row in facts.rows:
        if row.name in seen:
            yield "%s: %s is also at %s" % (row.line, row.name, seen[row.name])
        seen.setdefault(row.name, row.line)
    for name in facts.reviewed:
        if name in seen:
            yield "%s is listed as reviewed and also at %s" % (name, seen[name])
        seen.setdefault(name, "reviewed")


def check_exports(facts):
    """Too many exports interpose what nobody asked for; one too few is a hook that does nothing."""
    wanted = set(facts.hooks) | facts.api
    for name in sorted(facts.exports - wanted):
        yield "exported without a row: %s" % name
    for name in sorted(wanted - facts.exports):
        yield "has a row but is not exported: %s" % name


def check_required(facts):
    """A required function that no libc has is misspelt; one that some libc lacks is optional."""
    for name, row in sorted(facts.hooks.items()):
        lacking = [libc for libc, functions in facts.libcs.items() if name not in functions]
        if row.detail == "required" and lacking:
            yield "%s: required, but not in %s: %s" % (row.line, ", ".join(lacking), name)


def check_needed(facts):
    """One file for every libc: nothing may be pulled in."""
    for name in facts.library.needed():
        yield "needs %s" % name


def check_versions(facts):
    """A version node disables every hook on glibc without a word; needing one ties us to a libc."""
    for tag, name in ((elf.DT_VERDEF, "defines"), (elf.DT_VERNEED, "needs"), (elf.DT_VERSYM, "has")):
        if facts.library.value(tag) is not None:
            yield "%s symbol versions" % name


def check_undefined(facts):
    """Every libc must be able to resolve what we leave open."""
    for symbol in facts.undefined:
        if symbol.name not in ALLOWED_UNDEFINED:
            yield "undefined: %s" % symbol.name
        elif ALLOWED_UNDEFINED[symbol.name] is not None and symbol.binding != ALLOWED_UNDEFINED[symbol.name]:
            yield "undefined and not weak: %s" % symbol.name


def check_forbidden(facts):
    """No heap, no exceptions, no C++ library."""
    for name in sorted(facts.library.all_symbol_names()):
        if FORBIDDEN.match(name):
            yield "must not occur: %s" % name


def check_segments(facts):
    """What can be written must not be executed, and code must need no patching."""
    for kind, flags, _, address, _ in facts.library.segments:
        if kind in (elf.PT_LOAD, elf.PT_GNU_STACK) and flags & elf.PF_W and flags & elf.PF_X:
            yield "%s at %#x can be written and executed" % (
                "stack" if kind == elf.PT_GNU_STACK else "segment", address)
    if facts.library.value(elf.DT_TEXTREL) is not None or (
            (facts.library.value(elf.DT_FLAGS) or 0) & elf.DF_TEXTREL):
        yield "has text relocations"


def check_hash(facts):
    """A SysV hash table alone slows down the start of every large program."""
    if facts.library.value(elf.DT_GNU_HASH) is None:
        yield "has no GNU hash table"


def check_undecided(facts):
    """A function that nobody has looked at may be a way around us."""
    decided = set(facts.hooks) | set(facts.skips) | set(facts.reviewed)
    undecided = {}
    for libc, functions in facts.libcs.items():
        for name in functions - decided:
            undecided.setdefault(name, []).append(libc)
    for name in sorted(undecided):
        yield ("%s (of %s) is undecided: HOOK it, SKIP it with the reason, or list it in %s"
               % (name, ", ".join(undecided[name]), os.path.basename(REVIEWED)))


def check_skips(facts):
    """A SKIP is a decision about a function that exists, and says why."""
    known = set().union(*facts.libcs.values())
    for row in facts.skips.values():
        if not row.detail.strip():
            yield "%s: SKIP(%s) gives no reason" % (row.line, row.name)
        if row.name not in known:
            yield "%s: SKIP(%s) is in no libc" % (row.line, row.name)
    for name in facts.reviewed:
        if name not in known:
            yield "%s is listed as reviewed and is in no libc" % name


CHECKS = [check_duplicates, check_exports, check_required, check_needed, check_versions, check_undefined,
          check_forbidden, check_segments, check_hash, check_undecided, check_skips]


def own_libc():
    """The libc this interpreter runs with."""
    with open("/proc/self/maps") as maps:
        for line in maps:
            name = os.path.basename(line.rstrip("\n"))
            if re.match(r"libc[.-].*so|ld-musl-|libc\.musl-", name):
                return line.split(None, 5)[5].strip()
    sys.exit("no libc found in /proc/self/maps; give --libc")


def run_checks(library_path, libcs, hooks_path, reviewed_path=REVIEWED):
    """All complaints, as (name of the check, complaint); and the facts. libcs: {name: functions}."""
    rows, complaints = read_hooks(hooks_path)
    facts = Facts(elf.Elf(library_path), libcs, rows, read_reviewed(reviewed_path))
    found = [("rows", complaint) for complaint in complaints]
    for check in CHECKS:
        found += [(check.__name__[len("check_"):], complaint) for complaint in check(facts)]
    return found, facts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", nargs="?", help="libhfoffline.so")
    parser.add_argument("hooks", nargs="?", help="src/shim/hooks.def")
    parser.add_argument("--libc", help="the libc to hold it against (default: the one in use)")
    parser.add_argument("--list-checks", action="store_true", help="what is checked, and why")
    options = parser.parse_args()
    if options.list_checks:
        for check in CHECKS:
            print("%-12s %s" % (check.__name__[len("check_"):], check.__doc__))
        return 0
    if not options.hooks:
        parser.error("the library and hooks.def are needed")
    libc = options.libc or own_libc()
    try:
        libcs = list_functions.read_libcs(LIBCS)
        libcs[libc] = functions_of(libc)
        found, facts = run_checks(options.library, libcs, options.hooks)
    except (elf.ElfError, OSError) as error:
        sys.exit(str(error))
    for check, complaint in found:
        print("%s: %s" % (check, complaint))
    print("%d hooks, %d skipped, %d reviewed, %d of our own; %d bytes; %d complaints (against %s)" % (
        len(facts.hooks), len(facts.skips), len(facts.reviewed), len(facts.api),
        os.path.getsize(options.library), len(found), ", ".join(libcs)))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
