#!/usr/bin/env python3
"""Holds libhfoffline.so against hooks.def and the libc it is to be loaded beside.

What is checked, and why it matters, is said at each check; --list-checks prints their names.
"""

import argparse
import os
import re
import sys

import elf

ALLOWED_UNDEFINED = {"environ": None, "__errno_location": None, "dlsym": elf.STB_WEAK,
                     "dl_iterate_phdr": elf.STB_WEAK}
# A heap, exceptions or the C++ library would make us depend on what the program may lack.
FORBIDDEN = re.compile(r"(malloc|calloc|realloc|free|aligned_alloc|posix_memalign|memalign|valloc"
                       r"|_Zn[wa].*|_Zd[la].*|__cxa_.*|__gxx_personality.*|_Unwind_.*|_ZSt.*|_ZNSt.*|_ZNKSt.*"
                       r"|__dynamic_cast|_ZTVN10__cxxabiv.*)(@.*)?\Z")

# How libcs spell variants of one function. Stripped again and again, so that __open64_2 is a twin of
# openat64. Letters stand for variants too (lchmod, fchmod, execvp), so a twin is no more than a name
# somebody has to decide about: hook it, or SKIP it with the reason.
PREFIXES = ["__libc_", "_IO_file_", "_IO_", "__isoc99_", "__isoc23_", "__x", "__", "_", "secure_", "f", "l"]
SUFFIXES = ["_time64", "_nocancel", "_chk", "_np", "_2", "_r", "_a", "64", "at2", "at", "2", "p"]
SHORTEST_STEM = 4


class Row:
    def __init__(self, kind, name, detail, line):
        self.kind, self.name, self.detail, self.line = kind, name, detail, line


def read_hooks(path):
    """Rows of hooks.def and complaints about lines that are none."""
    rows, complaints = [], []
    with open(path) as file:
        text = file.read()
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("//"):
            continue
        where = "%s:%d" % (os.path.basename(path), number)
        hook = re.match(r"HOOK\((\w+),\s*\w+,\s*(required|optional)\)", line)
        api = re.match(r"API\((\w+)\)", line)
        skip = re.match(r'SKIP\((\w+),\s*"(.*)"\)', line)
        if hook:
            rows.append(Row("HOOK", hook.group(1), hook.group(2), where))
        elif api:
            rows.append(Row("API", api.group(1), "", where))
        elif skip:
            rows.append(Row("SKIP", skip.group(1), skip.group(2), where))
        else:
            complaints.append("%s: not a row: %s" % (where, line))
    return rows, complaints


def stem(name):
    """The name without everything that spells a variant."""
    while True:
        for prefix in PREFIXES:
            if name.startswith(prefix) and len(name) - len(prefix) >= SHORTEST_STEM:
                name = name[len(prefix):]
                break
        else:
            for suffix in SUFFIXES:
                if name.endswith(suffix) and len(name) - len(suffix) >= SHORTEST_STEM:
                    name = name[:-len(suffix)]
                    break
            else:
                return name


class Facts:
    def __init__(self, library, libc, rows):
        self.library = library
        self.rows = rows
        self.symbols = library.dynamic_symbols()
        self.exports = {symbol.name for symbol in self.symbols if symbol.is_defined}
        self.undefined = [symbol for symbol in self.symbols if not symbol.is_defined]
        # GLIBC_PRIVATE names are for glibc's own libraries; no program is linked to them.
        functions = (elf.STT_FUNC, elf.STT_GNU_IFUNC)
        self.libc_functions = {symbol.name for symbol in libc.dynamic_symbols()
                               if symbol.is_defined and symbol.kind in functions
                               and symbol.version != "GLIBC_PRIVATE"}
        self.libc_private = {symbol.name for symbol in libc.dynamic_symbols()
                             if symbol.is_defined and symbol.version == "GLIBC_PRIVATE"}
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


def check_exports(facts):
    """Too many exports interpose what nobody asked for; one too few is a hook that does nothing."""
    wanted = set(facts.hooks) | facts.api
    for name in sorted(facts.exports - wanted):
        yield "exported without a row: %s" % name
    for name in sorted(wanted - facts.exports):
        yield "has a row but is not exported: %s" % name


def check_required(facts):
    """A required function that no libc has is misspelt."""
    for name, row in sorted(facts.hooks.items()):
        if row.detail == "required" and name not in facts.libc_functions:
            yield "%s: required, but not in the libc: %s" % (row.line, name)


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


def check_twins(facts):
    """A variant that is neither hooked nor skipped is a way around us."""
    hooked = {}
    for name in facts.hooks:
        hooked.setdefault(stem(name), name)
    for name in sorted(facts.libc_functions):
        if stem(name) in hooked and name not in facts.hooks and name not in facts.skips:
            yield "%s is a twin of %s: HOOK it, or SKIP it with the reason" % (name, hooked[stem(name)])


def check_skips(facts):
    """A SKIP is a decision about a twin, and says why."""
    stems = {stem(name) for name in facts.hooks}
    for row in facts.skips.values():
        if not row.detail.strip():
            yield "%s: SKIP(%s) gives no reason" % (row.line, row.name)
        if stem(row.name) not in stems:
            yield "%s: SKIP(%s) is a twin of no hooked function" % (row.line, row.name)


CHECKS = [check_duplicates, check_exports, check_required, check_needed, check_versions, check_undefined,
          check_forbidden, check_segments, check_hash, check_twins, check_skips]


def own_libc():
    """The libc this interpreter runs with."""
    with open("/proc/self/maps") as maps:
        for line in maps:
            name = os.path.basename(line.rstrip("\n"))
            if re.match(r"libc[.-].*so|ld-musl-|libc\.musl-", name):
                return line.split(None, 5)[5].strip()
    sys.exit("no libc found in /proc/self/maps; give --libc")


def run_checks(library_path, libc_path, hooks_path):
    """All complaints, as (name of the check, complaint); and the facts."""
    rows, complaints = read_hooks(hooks_path)
    facts = Facts(elf.Elf(library_path), elf.Elf(libc_path), rows)
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
        found, facts = run_checks(options.library, libc, options.hooks)
    except (elf.ElfError, OSError) as error:
        sys.exit(str(error))
    for check, complaint in found:
        print("%s: %s" % (check, complaint))
    absent = sorted(name for name in list(facts.hooks) + list(facts.skips)
                    if name not in facts.libc_functions and name not in facts.libc_private)
    if absent:
        print("not in this libc: " + ", ".join(absent))
    print("%d hooks, %d skipped, %d of our own; %d bytes; %d complaints (against %s)" % (
        len(facts.hooks), len(facts.skips), len(facts.api), os.path.getsize(options.library), len(found), libc))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
