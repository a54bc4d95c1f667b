#!/usr/bin/env python3
"""Writes libcs.txt: which functions which libc exports, so that no libc but one's own is needed to hold
hooks.def against all of them.

  list_functions.py 'glibc 2.36=DIRECTORY' 'musl 1.2.3=DIRECTORY' ... > libcs.txt

Each directory is a package (libc6, musl) unpacked with dpkg-deb -x.
"""

import collections
import os
import sys
import textwrap

import elf

# Without libm, libmvec, libthread_db, libc_malloc_debug, libmemusage, libpcprofile and the modules that
# libc loads by itself: they calculate, or hold what libc.so and the rest hold as well.
LIBRARIES = ("libc", "libpthread", "libdl", "librt", "libresolv", "libutil", "libanl", "libnsl",
             "libBrokenLocale", "ld")


def functions(path):
    """The names that programs can be linked to. GLIBC_PRIVATE is for glibc's own libraries."""
    return {symbol.name for symbol in elf.Elf(path).dynamic_symbols()
            if symbol.is_defined and symbol.kind in (elf.STT_FUNC, elf.STT_GNU_IFUNC)
            and symbol.version != "GLIBC_PRIVATE"}


def is_libc_part(name):
    """libc.so.6, libc-2.31.so, ld-linux-x86-64.so.2, musl's libc.so ..."""
    return ".so" in name and name.split(".so")[0].split("-")[0] in LIBRARIES


def functions_below(directory):
    found = set()
    for place, directories, names in os.walk(directory):
        directories[:] = [name for name in directories if name not in ("gconv", "audit")]
        for name in names:
            path = os.path.join(place, name)
            if is_libc_part(name) and os.path.isfile(path) and not os.path.islink(path):
                found |= functions(path)
    return found


def read_libcs(path):
    """{libc: its functions} of a file that this program has written."""
    letters, libcs, section = {}, {}, ""
    with open(path) as file:
        for line in file:
            words = line.split()
            if line.startswith("libc "):
                letters[words[1]] = " ".join(words[2:])
                libcs[letters[words[1]]] = set()
            elif line.startswith("in "):
                section = words[1]
            elif words and not line.startswith("#"):
                for letter in section:
                    libcs[letters[letter]].update(words)
    return libcs


def main():
    libcs = {}
    for argument in sys.argv[1:]:
        name, _, directory = argument.partition("=")
        libcs[name] = functions_below(directory)
        if not libcs[name]:
            sys.exit("%s: no libc below %s" % (name, directory))
    if not libcs:
        sys.exit(__doc__)
    letters = dict(zip(libcs, "abcdefghijklmnopqrstuvwxyz"))
    print("# Functions that the libcs of Debian export, as list_functions.py found them: each name once, in the")
    print("# section of the libcs that have it.")
    for name, letter in letters.items():
        print("libc %s %s" % (letter, name))
    sections = collections.defaultdict(list)
    for function in sorted(set().union(*libcs.values())):
        sections["".join(letters[name] for name in libcs if function in libcs[name])].append(function)
    for section in sorted(sections, key=lambda section: (-len(section), section)):
        print("\nin %s" % section)
        print(textwrap.fill(" ".join(sections[section]), 118, break_long_words=False, break_on_hyphens=False))


if __name__ == "__main__":
    main()
