#!/usr/bin/python3
"""Holds libhfoffline.dylib against hooks.def and against what libSystem exports.

Nothing of it runs: it is read as dyld would read it. What is checked, and why, is said at each check;
--list-checks prints their names.
"""

import argparse
import hashlib
import pathlib
import re
import struct
import sys

import macho

# __cxa_atexit is how clang has our one destructor called there.
FORBIDDEN = re.compile(r"_(malloc|calloc|realloc|reallocf|free|aligned_alloc|posix_memalign|valloc|malloc_zone_.*"
                       r"|_Zn[wa].*|_Zd[la].*|__cxa_(?!atexit\Z).*|__gxx_personality.*|_Unwind_.*|_ZSt.*|_ZNSt.*|_ZNKSt.*)\Z")
INSTALL_NAME = "@rpath/libhfoffline.dylib"
LIBSYSTEM = "/usr/lib/libSystem.B.dylib"
MACOS, MINIMUM = 1, (13, 0)
ARCHITECTURES = {"x86_64", "arm64"}


def read_rows(text: str) -> tuple[dict[str, set[str]], set[str]]:
    """The names of the HOOK rows by architecture, and those of the API rows."""
    hooks: dict[str, set[str]] = {name: set() for name in ARCHITECTURES}
    for name, platform in re.findall(r"(?m)^HOOK\(([\w$]+),\s*\w+,\s*\w+,\s*(\w+)\)", text):
        for architecture in ARCHITECTURES:
            if platform in ("both", "darwin", "darwin_" + architecture):
                hooks[architecture].add(name)
    return hooks, set(re.findall(r"(?m)^API\((\w+)\)", text))


def read_libsystem(text: str) -> dict[str, set[str]]:
    """What libSystem and what it re-exports export, by architecture, from a text stub (.tbd, version 4)."""
    found: dict[str, set[str]] = {name: set() for name in ARCHITECTURES}
    part = r"\s+-\s+targets:\s*\[([^\]]*)\]((?:\s+(?:weak-|thread-local-)?(?:symbols|objc-\w+):\s*\[[^\]]*\])+)"
    for targets, lists in re.findall(part, text):
        names = [name.strip().strip("'") for group in re.findall(r"(?:weak-)?symbols:\s*\[([^\]]*)\]", lists)
                 for name in group.split(",")]
        for architecture in ARCHITECTURES:
            if architecture + "-macos" in [target.strip() for target in targets.split(",")]:
                found[architecture].update(names)
    return found


class Facts:
    def __init__(self, architecture: str, half: macho.Half, hooks: set[str], api: set[str], libsystem: set[str]):
        self.architecture, self.half, self.hooks, self.api, self.libsystem = architecture, half, hooks, api, libsystem


def check_identity(facts: Facts):
    """What dyld and a person must know of the file: its kind, name and the oldest macOS that has all we call."""
    half = facts.half
    if half.filetype != macho.MH_DYLIB:
        yield f"file type {half.filetype}, not a dylib"
    if half.install_name != INSTALL_NAME:
        yield f"its name is {half.install_name}, not {INSTALL_NAME}"
    if half.minimum != (MACOS, *MINIMUM):
        yield f"made for {half.minimum}, not for macOS {MINIMUM}"


def check_needed(facts: Facts):
    """No C++ library, no framework: it goes into programs that have none."""
    if facts.half.dylibs != [LIBSYSTEM]:
        yield f"needs {', '.join(facts.half.dylibs) or 'nothing'}, not {LIBSYSTEM} alone"


def check_pairs(facts: Facts):
    """A pair that is missing or leads elsewhere is a hook that does nothing, or one that does it to another function."""
    half = facts.half
    section = half.sections.get(("__DATA", "__interpose"))
    if section is None:
        yield "has no section __DATA,__interpose"
        return
    address, size, offset = section
    if size % 16 != 0:
        yield f"the section is {size} bytes long, which are no pairs"
    rebased, bound, defined = half.rebased(), half.bound(), half.defined()
    seen: set[str] = set()
    for at in range(0, size - size % 16, 16):
        (value,) = struct.unpack("<Q", half.data[offset + at : offset + at + 8])
        replacement = defined.get(value, []) if address + at in rebased else []
        original, addend = bound.get(address + at + 8, ("nothing", 0))
        name = original[1:]
        if addend != 0 or f"_hook_{name}" not in replacement:
            yield f"pair {at // 16}: {' or '.join(replacement) or 'nothing'} stands in for {original}"
        elif name in seen:
            yield f"{name} has two pairs"
        elif name not in facts.hooks:
            yield f"{name} has a pair and no row"
        seen.add(name)
    for name in sorted(facts.hooks - seen):
        yield f"{name} has a row and no pair"


def check_bodies(facts: Facts):
    """A body without a row is a hook that somebody believes in."""
    for names in facts.half.defined().values():
        for name in names:
            if name.startswith("_hook_") and name[len("_hook_") :] not in facts.hooks:
                yield f"{name[len('_hook_'):]} has a body and no row"


def check_libsystem(facts: Facts):
    """What libSystem lacks stops every program at its start."""
    for name in sorted({"_" + name for name in facts.hooks} - facts.libsystem):
        yield f"{name} is not in libSystem"
    for name in sorted(facts.half.undefined() - facts.libsystem - {"dyld_stub_binder"}):
        yield f"calls {name}, which is not in libSystem"


def check_forbidden(facts: Facts):
    """No heap, no exceptions, no C++ library."""
    for name in sorted(facts.half.undefined()):
        if FORBIDDEN.match(name):
            yield f"must not be called: {name}"


def check_exports(facts: Facts):
    """What is exported is found by name in every program; only the public functions are for that."""
    wanted = {"_" + name for name in facts.api}
    for name in sorted(facts.half.exported() - wanted):
        yield f"exported without a row: {name}"
    for name in sorted(wanted - facts.half.exported()):
        yield f"has a row but is not exported: {name}"


def check_signature(facts: Facts):
    """arm64 loads nothing unsigned, and nothing whose pages are not those that were signed."""
    half = facts.half
    if half.signature is None:
        yield "is not signed"
        return
    blob = half.signature
    magic, _, count = struct.unpack(">3I", blob[:12])
    directories = [struct.unpack(">I", blob[16 + 8 * i : 20 + 8 * i])[0] for i in range(count)]
    directories = [at for at in directories if struct.unpack(">I", blob[at : at + 4])[0] == 0xFADE0C02]
    if magic != 0xFADE0CC0 or not directories:
        yield "the signature has no code directory"
        return
    at = directories[0]
    flags, hashes, _, _, slots, limit = struct.unpack(">6I", blob[at + 12 : at + 36])
    size, kind, _, page_bits = struct.unpack("4B", blob[at + 36 : at + 40])
    if not flags & 0x2:
        yield "is not signed ad hoc"
    if (size, kind) != (32, 2) or limit != half.signature_at:
        yield "the signature is not over the whole file, with SHA-256"
        return
    page = 1 << page_bits
    if slots != (limit + page - 1) // page:
        yield f"{slots} pages are signed, of {(limit + page - 1) // page}"
    for slot in range(slots):
        digest = hashlib.sha256(half.data[slot * page : min((slot + 1) * page, limit)]).digest()
        if blob[at + hashes + 32 * slot : at + hashes + 32 * slot + 32] != digest:
            yield f"page {slot} is not the one that was signed"


CHECKS = [check_identity, check_needed, check_pairs, check_bodies, check_libsystem, check_forbidden, check_exports,
          check_signature]


def run_checks(data: bytes, hooks_text: str, libsystem_text: str) -> list[tuple[str, str]]:
    """All complaints, as (name of the check, complaint)."""
    found: list[tuple[str, str]] = []
    halves = macho.halves(data)
    if set(halves) != ARCHITECTURES:
        found.append(("architectures", f"is for {', '.join(sorted(halves))}, not for {', '.join(sorted(ARCHITECTURES))}"))
    hooks, api = read_rows(hooks_text)
    libsystem = read_libsystem(libsystem_text)
    for architecture in sorted(ARCHITECTURES & set(halves)):
        facts = Facts(architecture, macho.Half(halves[architecture]), hooks[architecture], api, libsystem[architecture])
        for check in CHECKS:
            name = check.__name__[len("check_") :]
            found += [(name, f"{architecture}: {complaint}") for complaint in check(facts)]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", nargs="?", type=pathlib.Path, help="libhfoffline.dylib")
    parser.add_argument("hooks", nargs="?", type=pathlib.Path, help="src/shim/hooks.def")
    parser.add_argument("libsystem", nargs="?", type=pathlib.Path, help="libSystem.tbd")
    parser.add_argument("--list-checks", action="store_true", help="what is checked, and why")
    options = parser.parse_args()
    if options.list_checks:
        for check in CHECKS:
            print(f"{check.__name__[len('check_'):]:12} {check.__doc__}")
        return 0
    if options.libsystem is None:
        parser.error("the library, hooks.def and libSystem.tbd are needed")
    hooks_text = options.hooks.read_text(encoding="utf-8")
    data = options.library.read_bytes()
    try:
        found = run_checks(data, hooks_text, options.libsystem.read_text(encoding="utf-8"))
    except macho.MachOError as error:
        sys.exit(f"{options.library}: {error}")
    for check, complaint in found:
        print(f"{check}: {complaint}")
    counts = {name: len(rows) for name, rows in sorted(read_rows(hooks_text)[0].items())}
    print(f"{', '.join(f'{count} hooks for {name}' for name, count in counts.items())}; {len(data)} bytes; "
          f"{len(found)} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
