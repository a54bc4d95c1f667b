#!/usr/bin/python3
"""Builds libhfoffline.dylib and holds it against hooks.def, as far as that can be done without a Mac: check_dylib.py.

Then each check is shown to go off for a library, or a list, that is bad in just that way. The last line says
"N passed, N failed, N skipped".
"""

import argparse
import importlib.machinery
import importlib.util
import os
import pathlib
import re
import shutil
import struct
import sys
import tempfile

import check_dylib
import macho

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ADDED = "HOOK(getpagesize, path, required, both)\n"


def load_build():
    loader = importlib.machinery.SourceFileLoader("build_dylib", str(ROOT / "tools/build-dylib"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


def fat(parts: list[tuple[int, bytes]]) -> bytes:
    """A fat file of (processor, file)."""
    head, body, at = struct.pack(">II", 0xCAFEBABE, len(parts)), b"", 4096
    for processor, data in parts:
        head += struct.pack(">5I", processor, 0, at + len(body), len(data), 12)
        body += data + b"\0" * (-len(data) % 4096)
    return head.ljust(4096, b"\0") + body


class Bad:
    """Libraries and lists that are bad on purpose, made of good ones."""

    def __init__(self, data: bytes, hooks: str, libsystem: str):
        self.data, self.hooks, self.libsystem = data, hooks, libsystem
        self.halves = macho.halves(data)

    def changed(self, architecture: str, at: int, new: bytes) -> bytes:
        """One half with other bytes at an offset."""
        numbers = {name: number for number, name in macho.CPU_TYPES.items()}
        parts = []
        for name, half in self.halves.items():
            if name == architecture:
                half = half[:at] + new + half[at + len(new) :]
            parts.append((numbers[name], half))
        return fat(parts)

    def cases(self):
        """(what, data, hooks, libsystem, the complaints' start)"""
        same = (self.data, self.hooks, self.libsystem)
        yield "a row without a pair", same[0], self.hooks + ADDED, same[2], "pairs: arm64: getpagesize has a row and no pair"
        without = re.sub(r"(?m)^HOOK\(connectx,.*\n", "", self.hooks)
        yield "a pair without a row", same[0], without, same[2], "pairs: x86_64: connectx has a pair and no row"
        yield "a body without a row", same[0], without, same[2], "bodies: x86_64: connectx has a body and no row"
        linux = self.hooks.replace("HOOK(connect, network, required, both)", "HOOK(connect, network, required, linux)")
        yield "a pair for a row of Linux", same[0], linux, same[2], "pairs: arm64: connect has a pair and no row"
        nowhere = self.hooks + "HOOK(nosuch$NOCANCEL, open, required, darwin)\n"
        yield "a row that libSystem has not", same[0], nowhere, same[2], "libsystem: arm64: _nosuch$NOCANCEL is not in libSystem"
        for architecture in sorted(self.halves):
            half = macho.Half(self.halves[architecture])
            _, _, offset = half.sections[("__DATA", "__interpose")]
            first, second = half.data[offset : offset + 8], half.data[offset + 16 : offset + 24]
            yield (f"a pair with another's hook ({architecture})", self.changed(architecture, offset, second), *same[1:],
                   f"pairs: {architecture}: pair 0: ")
            yield (f"a pair that leads nowhere ({architecture})", self.changed(architecture, offset + 16, b"\0" * 8),
                   *same[1:], f"pairs: {architecture}: pair 1: ")
            assert first != second
            yield (f"code that was changed ({architecture})", self.changed(architecture, 16384, b"\xcc\xcc"), *same[1:],
                   f"signature: {architecture}: page ")
            name = half.data.index(check_dylib.INSTALL_NAME.encode())
            yield (f"another name ({architecture})", self.changed(architecture, name, b"/"), *same[1:],
                   f"identity: {architecture}: its name is /rpath")
            needed = half.data.index(check_dylib.LIBSYSTEM.encode())
            yield (f"another library needed ({architecture})", self.changed(architecture, needed + 9, b"x"), *same[1:],
                   f"needed: {architecture}: needs /usr/lib/xibSystem")
        one = fat([(0x01000007, self.halves["x86_64"])])
        yield "one half missing", one, *same[1:], "architectures: is for x86_64, not for arm64, x86_64"
        lacking = re.sub(r"\b_getsockname,", "", self.libsystem)
        yield "a call of what libSystem has not", *same[:2], lacking, "libsystem: arm64: calls _getsockname, which"
        private = self.hooks.replace("API(hfoffline_active)\n", "")
        yield "an export without a row", same[0], private, same[2], "exports: arm64: exported without a row: _hfoffline_active"
        public = self.hooks + "API(hfoffline_other)\n"
        yield "a public function missing", same[0], public, same[2], "exports: arm64: has a row but is not exported: _hfoffline_other"


def row_without_body(build, output: pathlib.Path, zig: pathlib.Path) -> str | None:
    """The library does not link when hooks.def has a row without a body. None, or what is wrong."""
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        for part in ("src", "include"):
            shutil.copytree(ROOT / part, root / part)
        with open(root / "src/shim/hooks.def", "a", encoding="utf-8") as hooks:
            hooks.write(ADDED)
        shutil.copy(ROOT / "meson.build", root)
        table = "shim_darwin_interpose_table.o"
        objects = [path for path in sorted((output / "arm64").glob("*.o")) if path.name != table]
        build.sources = lambda _: [root / "src/shim/darwin/interpose_table.cpp"]
        try:
            objects += build.compile_all(root, zig, "arm64", root / "out", 1)
            build.link(zig, "arm64", objects, root / "out")
        except RuntimeError as error:
            return None if "_hook_getpagesize" in str(error) else f"it fails otherwise: {error}"
        return "it links"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "build-dylib", help="where to build (default: build-dylib)")
    parser.add_argument("--zig", help="zig's binary (default: $ZIG, else fetched with npm)")
    parser.add_argument("--minutes", type=float, help="start nothing if there are fewer than it takes (4)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.minutes is not None and options.minutes < 4:
        print("skipped: no time left\n0 passed, 0 failed, 1 skipped")
        return 0
    build = load_build()
    try:
        build.check_tools()
        zig = build.find_zig(options.zig, options.output / "zig")
    except build.Missing as missing:
        print(f"skipped: {missing}\n0 passed, 0 failed, 1 skipped")
        return 0
    passed = failed = 0
    try:
        library = build.build(ROOT, options.output, zig, options.jobs)
    except RuntimeError as error:
        print(f"{error}\n0 passed, 1 failed, 0 skipped")
        return 1
    data = library.read_bytes()
    hooks = (ROOT / "src/shim/hooks.def").read_text(encoding="utf-8")
    libsystem = (zig.parent / build.LIBSYSTEM).read_text(encoding="utf-8")
    complaints = check_dylib.run_checks(data, hooks, libsystem)
    for check, complaint in complaints:
        print(f"FAILED  {check}: {complaint}")
    passed, failed = (0, 1) if complaints else (1, 0)
    for name, rows in sorted(check_dylib.read_rows(hooks)[0].items()):
        print(f"{name}: {len(rows)} rows")
    for what, *bad, expected in Bad(data, hooks, libsystem).cases():
        found = [f"{check}: {complaint}" for check, complaint in check_dylib.run_checks(*bad)]
        if any(line.startswith(expected) for line in found):
            passed += 1
        else:
            failed += 1
            print(f"FAILED  {what}: expected \"{expected}\", found {found}")
    wrong = row_without_body(build, options.output, zig)
    if wrong is None:
        passed += 1
    else:
        failed += 1
        print(f"FAILED  a row without a body: {wrong}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
