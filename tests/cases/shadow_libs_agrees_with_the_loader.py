#!/usr/bin/env python3
"""What the rules say is what the loader does: for programs of this machine, for musl, and for what is no program."""
import os
import pathlib
import shutil

import case
import shadow_trees


class LibraryReport(shadow_trees.Report):
    def kinds(self):
        return {f["kind"] for f in self.findings}

    def only(self, kind):
        """The one finding of that kind."""
        found = self.of(kind)
        case.equal(len(found), 1, f"findings {kind} in {self!r}")
        return found[0]


def shadow(*arguments, **variables):
    with shadow_trees.Unchanged():
        return LibraryReport(case.hfoffline("shadow", "libs", "--json", *arguments, env=case.clean_environment(**variables)))


def musl():
    if shutil.which("musl-gcc") is None:
        print("without musl: no musl-gcc (musl-tools)")
        return
    sealed, inner, empty = case.tmp / "musl", case.tmp / "musl-inner", case.tmp / "musl-empty"
    for directory in (sealed, inner, empty):
        directory.mkdir()
    source = case.tmp / "part.c"
    source.write_text("int part(void) { return 0; }\n")
    outer = case.tmp / "outer.c"
    outer.write_text("int part(void);\nint outer(void) { return part(); }\n")
    main = case.tmp / "main.c"
    main.write_text("int outer(void);\nint main(void) { return outer(); }\n")
    build = [["-shared", "-fPIC", "-o", inner / "libpart.so", source], ["-shared", "-fPIC", "-o", sealed / "libouter.so", outer, f"-L{inner}", "-lpart"],
             ["-o", case.tmp / "musl-app", main, f"-L{sealed}", "-louter", f"-Wl,-rpath,{sealed}:{inner}", f"-Wl,-rpath-link,{inner}"]]
    for arguments in build:
        case.expect_code(case.command("musl-gcc", *arguments), 0, f"{arguments}")
    app = case.tmp / "musl-app"
    case.expect_code(case.command(app), 0, "the musl program")
    # musl follows the RUNPATH of whoever loaded the requester: libpart is found by the program's.
    report = shadow("--program", app)
    case.equal((report.code, report.kinds()), (0, set()), f"a musl program: {report.findings}")
    report = shadow("--program", app, LD_LIBRARY_PATH=empty)
    case.equal(report.only("library_can_be_shadowed")["path"], str(empty), "a directory before")
    # An empty entry means nothing to musl.
    case.check("library_working_directory" not in shadow("--program", app, LD_LIBRARY_PATH=f"{sealed}:").kinds(), "an empty entry")


def holds():
    programs = [path for path in sorted(pathlib.Path("/usr/bin").iterdir()) if path.is_file() and os.access(path, os.X_OK)]
    elf = [path for path in programs if path.open("rb").read(4) == b"\x7fELF"]
    asked = elf[:: max(1, len(elf) // 25)]
    for path in asked:
        result = case.hfoffline("shadow", "libs", "--json", "--program", path)
        report = LibraryReport(result)
        wrong = [f for f in report.findings if f["kind"] in ("library_search_differs", "library_missing")]
        case.equal(wrong, [], f"{path}")
    musl()

    # What is no program, in every way.
    bad = case.tmp / "bad"
    bad.mkdir()
    whole = pathlib.Path("/bin/true").read_bytes()
    for name, data in (("empty", b""), ("text", b"#!/bin/sh\n"), ("short", whole[:70]), ("headers", whole[:500]), ("half", whole[:len(whole) // 2]),
                       ("noise", b"\x7fELF" + os.urandom(4000)), ("class", whole[:4] + b"\x01" + whole[5:])):
        (bad / name).write_bytes(data)
        result = case.hfoffline("shadow", "libs", "--program", bad / name)
        case.check(result.code in (0, 2, 125) and "error" in result.err or result.code == 0, f"{name}: {result!r}")
    # Every byte of the headers and of the dynamic section broken once does not end the check in a crash.
    for position in list(range(16, 64)) + list(range(64, 700, 13)):
        (bad / "flipped").write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1:])
        result = case.hfoffline("shadow", "libs", "--only-read", "--program", bad / "flipped")
        case.check(result.code in (0, 2, 3, 125), f"byte {position}: {result!r}")
    os.mkfifo(bad / "fifo")
    case.expect_code(case.quickly(20, case.hfoffline, "shadow", "libs", "--program", bad / "fifo"), 2, "a fifo")
    case.expect_code(case.hfoffline("shadow", "libs", "--program", "/no/such"), 2, "no program")
    case.expect_code(case.hfoffline("shadow", "libs", "--python", shadow_trees.PYTHON, "--extension", bad / "text"), 2, "no extension")


case.isolate("net")
case.main(holds)
