#!/usr/bin/env python3
"""Each kind of finding about shared libraries appears where it must, and not in a twin that differs in that alone."""
import os
import re
import shutil

import case
import shadow_trees

CC = case.compiler()


def library(directory, name, *flags, soname=None):
    """A shared library with nothing but a function; its path."""
    directory.mkdir(parents=True, exist_ok=True)
    source = case.tmp / "library.c"
    source.write_text("int called(void) { return 1; }\n")
    path = directory / name
    case.expect_code(case.command(CC, "-shared", "-fPIC", "-o", path, source, f"-Wl,-soname,{soname or name}", *flags), 0, name)
    return path


def program(name, *flags):
    source = case.tmp / "program.c"
    source.write_text("int called(void);\nint main(void) { return called() - 1; }\n")
    path = case.tmp / "bin" / name
    path.parent.mkdir(exist_ok=True)
    case.expect_code(case.command(CC, "-o", path, source, *flags), 0, name)
    return path


SEEN = set()


class LibraryReport(shadow_trees.Report):
    def kinds(self):
        return {f["kind"] for f in self.findings}

    def only(self, kind):
        """The one finding of that kind."""
        SEEN.add(kind)
        found = self.of(kind)
        case.equal(len(found), 1, f"findings {kind} in {self!r}")
        return found[0]


def shadow(*arguments, env=None, cwd=None, **variables):
    with shadow_trees.Unchanged():
        return LibraryReport(case.hfoffline("shadow", "libs", "--json", *arguments, env=env or case.clean_environment(**variables), cwd=cwd))


def holds():
    sealed = case.tmp / "sealed"
    library(sealed, "libinner.so.1")
    (sealed / "libinner.so").symlink_to("libinner.so.1")
    link = [f"-L{sealed}", "-linner"]
    app = program("app", *link, f"-Wl,-rpath,{sealed}", "-Wl,--enable-new-dtags")
    case.expect_code(case.command(app), 0, "the program")
    sealed.chmod(0o755)

    report = shadow("--program", app)
    case.equal((report.code, report.kinds()), (0, set()), "nothing but what the program names itself")

    # Another copy before it, and a twin that stands behind.
    later = case.tmp / "later"
    copy = library(later, "libinner.so.1")
    report = shadow("--program", app, LD_LIBRARY_PATH=later)
    finding = report.only("library_shadowed")
    case.equal((report.code, finding["subject"], finding["path"], finding["core"], finding["winner"], finding["observed"]),
               (3, "libinner.so.1", str(copy), str(sealed / "libinner.so.1"), str(copy), True), "a copy before core's")
    old = program("old", *link, f"-Wl,-rpath,{sealed}", "-Wl,--disable-new-dtags")
    report = shadow("--program", old, LD_LIBRARY_PATH=later)
    case.lacks(str([f for f in report.findings if f["subject"] == "libinner.so.1"]), "library_shadowed", "DT_RPATH comes before LD_LIBRARY_PATH")

    # The same rules when nothing is started.
    report = shadow("--program", app, "--only-read", LD_LIBRARY_PATH=later)
    case.equal((report.code, report.only("library_shadowed")["observed"]), (3, False), "by reading alone")

    # An empty directory before it: whoever writes there wins. Its twin stands behind core, or does not stand anywhere.
    empty = case.tmp / "empty"
    empty.mkdir()
    report = shadow("--program", app, LD_LIBRARY_PATH=empty)
    finding = report.only("library_can_be_shadowed")
    case.equal((report.code, finding["path"], finding["observed"]), (3, str(empty), True), "an empty directory before core")
    report = shadow("--program", old, LD_LIBRARY_PATH=empty)
    # libc comes from behind it all the same.
    case.equal(report.only("library_can_be_shadowed")["subject"], "libc.so.6", "what is searched for behind it")
    missing = case.tmp / "not" / "there"
    case.equal(shadow("--program", app, LD_LIBRARY_PATH=missing).only("library_can_be_shadowed")["path"], str(missing), "a directory that could be made")
    case.check(not missing.exists() and os.listdir(empty) == [], "something was written into what is judged")

    # The working directory, by an empty entry.
    report = shadow("--program", app, LD_LIBRARY_PATH=f"{sealed}:")
    case.equal((report.code, report.only("library_working_directory")["path"]), (3, "."), "an empty entry")
    case.check("library_working_directory" not in shadow("--program", app, LD_LIBRARY_PATH=sealed).kinds(), "no empty entry")

    # Core's own directory, when others may write to it.
    sealed.chmod(0o777)
    finding = shadow("--program", app).only("library_replaceable")
    case.equal((finding["path"], finding["core"]), (str(sealed), str(sealed / "libinner.so.1")), "core's directory, for everybody to write to")
    sealed.chmod(0o755)
    case.equal(shadow("--program", app).kinds(), set(), "core's directory")

    # Missing.
    lost = program("lost", *link)
    report = shadow("--program", lost)
    case.equal((report.code, report.only("library_missing")["subject"]), (0, "libinner.so.1"), "a library that nobody has")
    case.check("library_missing" not in shadow("--program", lost, LD_LIBRARY_PATH=sealed).kinds(), "the same, found")

    # Preloaded.
    other = library(case.tmp / "preloads", "libother.so")
    report = shadow("--program", app, LD_PRELOAD=other)
    case.equal((report.code, report.only("library_preloaded")["path"]), (0, str(other)), "a preloaded library")
    inside = LibraryReport(case.run("--quiet", "--", case.HFOFFLINE, "shadow", "libs", "--json", "--program", app))
    case.equal((inside.code, inside.kinds()), (0, set()), f"our own, in a run: {inside.findings}")

    # An auditor decides otherwise than the files say.
    source = case.tmp / "auditor.c"
    source.write_text("#define _GNU_SOURCE\n#include <link.h>\n#include <stdint.h>\n#include <string.h>\n"
                      "unsigned la_version(unsigned v) { return v; }\n"
                      "char *la_objsearch(const char *name, uintptr_t *cookie, unsigned flag) {\n"
                      f'  (void)cookie; (void)flag; return strstr(name, "libinner.so.1") ? (char *)"{copy}" : (char *)name; }}\n')
    auditor = case.tmp / "auditor.so"
    case.expect_code(case.command(CC, "-shared", "-fPIC", "-o", auditor, source), 0, "the auditor")
    report = shadow("--program", app, LD_AUDIT=auditor)
    case.equal((report.code, report.only("library_search_differs")["winner"]), (3, str(copy)), "an auditor")

    # --core says it otherwise.
    report = shadow("--program", app, "--core", later, LD_LIBRARY_PATH=later)
    case.check("library_shadowed" not in report.kinds(), "core is the copy that wins")
    report = shadow("--program", app, "--core", later, LD_LIBRARY_PATH=f"{empty}:{later}")
    case.equal(report.only("library_can_be_shadowed")["path"], str(empty), "before what --core names")

    # A tree like conda's: libstdc++ beside an extension module, and libcurl in LD_LIBRARY_PATH.
    conda = case.tmp / "conda"
    (conda / "lib").mkdir(parents=True)
    found = {}
    for name in ("libstdc++.so.6", "libcurl.so.4"):
        listed = [line.split(" => ")[1] for line in case.command("/sbin/ldconfig", "-p").out.splitlines() if line.strip().startswith(f"{name} (libc6,")]
        if listed:
            shutil.copy(listed[0], conda / "lib" / name)
            found[name] = listed[0]
    case.check("libstdc++.so.6" in found, "no libstdc++ on this machine")
    source = case.tmp / "extension.c"
    source.write_text("int nothing;\n")
    for name, flags in (("bundled.so", ["-Wl,-rpath,$ORIGIN/../lib"]), ("plain.so", [])):
        path = conda / "site" / name
        path.parent.mkdir(exist_ok=True)
        case.expect_code(case.command(CC, "-shared", "-fPIC", "-o", path, source, "-Wl,--no-as-needed", found["libstdc++.so.6"], *flags), 0, name)
    ask = ["--python", shadow_trees.PYTHON, "--extension"]
    report = shadow(*ask, conda / "site" / "bundled.so")
    case.equal((report.code, report.only("library_shadowed")["winner"]), (3, str(conda / "site/../lib/libstdc++.so.6")), "libstdc++ of the tree")
    report = shadow(*ask, conda / "site" / "plain.so")
    case.equal((report.code, report.kinds()), (0, set()), "the same without its own copy")
    if "libcurl.so.4" in found and shutil.which("curl"):
        report = shadow("--program", shutil.which("curl"), LD_LIBRARY_PATH=conda / "lib")
        case.check("libcurl.so.4" in {f["subject"] for f in report.findings if f["kind"] == "library_shadowed"}, f"libcurl of the tree: {report.findings}")

    text = (case.SOURCE / "src/layers/finding_kinds.def").read_text()
    ours = set(re.findall(r"(?m)^FINDING\((\w+), libs,", text))
    case.equal(SEEN, ours, "every kind has its case")


case.isolate("net")
case.main(holds)
