#!/usr/bin/env python3
"""Each check of check_symbols.py must go off for a library that is bad in just that way."""

import os
import shlex
import subprocess
import sys
import tempfile
import unittest

import check_symbols
import list_functions

COMPILER = shlex.split(os.environ.get("CC", "cc"))

LIBRARY = """
extern char **environ;
extern int *__errno_location(void);
extern void *dlsym(void *, const char *) __attribute__((weak));
extern int dl_iterate_phdr(int (*)(void *, unsigned long, void *), void *) __attribute__((weak));
__attribute__((visibility("default"))) int open(const char *path, int flags, ...) {
  *__errno_location() = dlsym != 0 && dl_iterate_phdr != 0 && environ != 0;
  return path != 0 && flags;
}
__attribute__((visibility("default"))) int hfoffline_active(void) { return 1; }
"""

LIBC = """
int open(void) { return 0; }
int other(void) { return 0; }
int strlen(void) { return 0; }
int __open_nocancel(void) { return 0; }
"""
LIBC_VERSIONS = "GLIBC_2.2.5 { global: open*; other*; strlen; __open*_2; }; GLIBC_PRIVATE { global: __open_nocancel; };"

HOOKS = """
// a comment
HOOK(open, open, required, both)
API(hfoffline_active)
SKIP(other, "for the test")
"""

REVIEWED = """
# Text
strlen
"""

BARE = ["-shared", "-fPIC", "-nostdlib", "-nostartfiles", "-fvisibility=hidden", "-Wl,--hash-style=gnu",
        "-Wl,--build-id=none", "-ffreestanding", "-fno-builtin", "-w"]


class SymbolsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def write(self, name, text):
        path = os.path.join(self.directory.name, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def build(self, name, source, flags):
        path = os.path.join(self.directory.name, name + ".so")
        command = COMPILER + [self.write(name + ".c", source), "-o", path] + flags
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        return path

    def complaints(self, source=LIBRARY, flags=(), hooks=HOOKS, libc=LIBC, reviewed=REVIEWED, stored=None):
        library = self.build("library", source, BARE + list(flags))
        versions = self.write("versions", LIBC_VERSIONS)
        libc_path = self.build("libc", libc, [flag for flag in BARE if "visibility" not in flag]
                               + ["-Wl,--version-script=" + versions])
        libcs = dict(stored or {}, own=list_functions.functions(libc_path))
        found, _ = check_symbols.run_checks(library, libcs, self.write("hooks.def", hooks),
                                            self.write("reviewed.txt", reviewed))
        return found

    def expect(self, expected, **how):
        """Exactly these complaints, in any order."""
        self.assertEqual(sorted(self.complaints(**how)), sorted(expected))

    def test_a_good_library_has_no_complaints(self):
        self.expect([])

    def test_export_without_a_row(self):
        extra = LIBRARY + '__attribute__((visibility("default"))) int stray(void) { return 0; }'
        self.expect([("exports", "exported without a row: stray")], source=extra)

    def test_row_without_an_export(self):
        self.expect([("exports", "has a row but is not exported: other")],
                    hooks=HOOKS.replace('SKIP(other, "for the test")', "HOOK(other, open, required, linux)"))

    def test_api_row_without_an_export(self):
        self.expect([("exports", "has a row but is not exported: hfoffline_version")],
                    hooks=HOOKS + "API(hfoffline_version)\n")

    def test_required_but_in_no_libc(self):
        library = LIBRARY + '__attribute__((visibility("default"))) int nosuch(void) { return 0; }'
        self.expect([("required", "hooks.def:6: required, but not in own: nosuch")],
                    source=library, hooks=HOOKS + "HOOK(nosuch, open, required, linux)\n")
        self.expect([], source=library, hooks=HOOKS + "HOOK(nosuch, open, optional, linux)\n")

    def test_needed_library(self):
        needed = self.build("needed", "int open64(void) { return 0; }", ["-shared", "-fPIC", "-nostdlib"])
        found = self.complaints(flags=["-Wl,--no-as-needed", needed])
        self.assertEqual([check for check, _ in found], ["needed"])

    def test_defined_versions(self):
        versions = self.write("node", "NODE { global: open; hfoffline_active; local: *; };")
        found = self.complaints(flags=["-Wl,--version-script=" + versions])
        # The node is a symbol as well, which is an export too many.
        self.assertEqual(sorted(found), [("exports", "exported without a row: NODE"),
                                         ("versions", "defines symbol versions"),
                                         ("versions", "has symbol versions")])

    def test_anonymous_version_node_is_fine(self):
        versions = self.write("node", "{ global: open; hfoffline_active; local: *; };")
        self.expect([], flags=["-Wl,--version-script=" + versions])

    def test_needed_versions(self):
        versions = self.write("node", "OTHER { global: puts; };")
        needed = self.build("needed", "int puts(const char *s) { return !s; }",
                            ["-shared", "-fPIC", "-nostdlib", "-Wl,--version-script=" + versions])
        user = LIBRARY + "int puts(const char *); int use(void) { return puts(0); }"
        found = self.complaints(source=user, flags=["-Wl,--no-as-needed", needed])
        self.assertIn(("versions", "needs symbol versions"), found)

    def test_undefined_symbol(self):
        user = LIBRARY + ("extern int puts(const char *);"
                          '__attribute__((used)) static int use(void) { return puts("x"); }')
        self.expect([("undefined", "undefined: puts")], source=user)

    def test_undefined_symbol_that_should_be_weak(self):
        strong = LIBRARY.replace("extern void *dlsym(void *, const char *) __attribute__((weak));",
                                 "extern void *dlsym(void *, const char *);").replace("dlsym != 0", "dlsym(0, 0) != 0")
        self.expect([("undefined", "undefined and not weak: dlsym")], source=strong)

    def test_hidden_heap(self):
        for name in ("malloc", "free", "_Znwm", "_ZdlPv", "__cxa_throw", "_Unwind_Resume"):
            hidden = LIBRARY + "__attribute__((used)) void *%s(void *p) { return p; }" % name
            self.expect([("forbidden", "must not occur: " + name)], source=hidden)

    def test_executable_stack(self):
        found = self.complaints(flags=["-Wl,-z,execstack"])
        self.assertEqual([check for check, _ in found], ["segments"])
        self.assertIn("stack", found[0][1])

    def test_writable_code(self):
        mixed = LIBRARY + '__asm__(".section .mixed,\\"awx\\"\\n.quad 0\\n.text\\n");'
        found = self.complaints(source=mixed)
        self.assertEqual([check for check, _ in found], ["segments"])
        self.assertIn("segment", found[0][1])

    def test_text_relocation(self):
        patched = LIBRARY + '__asm__(".text\\n.balign 8\\n.quad environ\\n");'
        self.expect([("segments", "has text relocations")], source=patched, flags=["-Wl,-z,notext"])

    def test_hash_style(self):
        self.expect([("hash", "has no GNU hash table")], flags=["-Wl,--hash-style=sysv"])
        self.expect([], flags=["-Wl,--hash-style=both"])

    def test_required_but_not_in_every_libc(self):
        self.expect([("required", "hooks.def:3: required, but not in old: open")], stored={"old": {"other"}})

    def test_function_left_undecided(self):
        libc = LIBC + "int openat64(void) { return 0; } int __open64_2(void) { return 0; }"
        end = " is undecided: HOOK it, SKIP it with the reason, or list it in reviewed_functions.txt"
        self.expect([("undecided", "__open64_2 (of own)" + end), ("undecided", "openat64 (of new, own)" + end),
                     ("undecided", "openat65 (of new)" + end)],
                    libc=libc, stored={"new": {"open", "openat64", "openat65"}})
        self.expect([], libc=libc, hooks=HOOKS + 'SKIP(openat64\n     __open64_2,\n     "for the test, too")\n')
        self.expect([], libc=libc, reviewed=REVIEWED + "openat64\n__open64_2\n")

    def test_skip_without_a_reason(self):
        libc = LIBC + "int open64(void) { return 0; }"
        self.expect([("skips", "hooks.def:6: SKIP(open64) gives no reason")], libc=libc,
                    hooks=HOOKS + 'SKIP(open64, " ")\n')

    def test_decisions_about_nothing(self):
        self.expect([("skips", "hooks.def:6: SKIP(opne64) is in no libc")],
                    hooks=HOOKS + 'SKIP(opne64, "misspelt")\n')
        self.expect([("skips", "strnel is listed as reviewed and is in no libc")], reviewed=REVIEWED + "strnel\n")

    def test_duplicate_rows(self):
        self.expect([("duplicates", "hooks.def:6: open is also at hooks.def:3")],
                    hooks=HOOKS + "HOOK(open, open, required, both)\n")
        self.expect([("duplicates", "other is listed as reviewed and also at hooks.def:5")],
                    reviewed=REVIEWED + "other\n")

    def test_row_of_another_platform(self):
        self.expect([], hooks=HOOKS + "HOOK(nosuch$NOCANCEL, open, required, darwin)\n")
        self.expect([("rows", "hooks.def:6: not a row: HOOK(nosuch, open, required, plan9)")],
                    hooks=HOOKS + "HOOK(nosuch, open, required, plan9)\n")

    def test_line_that_is_no_row(self):
        self.expect([("rows", "hooks.def:6: not a row: HOOK(open64, open)")], hooks=HOOKS + "HOOK(open64, open)\n")

    def test_a_file_that_is_no_library(self):
        with self.assertRaises(check_symbols.elf.ElfError):
            check_symbols.run_checks(__file__, {}, self.write("hooks.def", HOOKS))

    def test_the_list_of_libcs_is_read_as_written(self):
        for name in ("one", "two"):
            os.makedirs(os.path.join(self.directory.name, name), exist_ok=True)
            extra = "int only_%s(void) { return 0; }" % name
            os.replace(self.build("part", LIBC + extra, BARE[:4]),
                       os.path.join(self.directory.name, name, "libc.so.6"))
        listed = subprocess.run(
            [sys.executable, list_functions.__file__]
            + ["%s=%s" % (name, os.path.join(self.directory.name, name)) for name in ("one", "two")],
            stdout=subprocess.PIPE, check=True).stdout.decode()
        both = {"open", "other", "strlen", "__open_nocancel"}
        self.assertEqual(list_functions.read_libcs(self.write("libcs.txt", listed)),
                         {"one": both | {"only_one"}, "two": both | {"only_two"}})


if __name__ == "__main__":
    unittest.main()
