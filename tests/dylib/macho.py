"""As much of the Mach-O format as check_dylib.py looks at: <mach-o/loader.h>, <mach-o/nlist.h>, <mach-o/fat.h>
and the opcodes by which dyld rebases and binds."""

import struct

CPU_TYPES = {0x01000007: "x86_64", 0x0100000C: "arm64"}
MH_DYLIB = 6
N_STAB, N_PEXT, N_TYPE, N_EXT = 0xE0, 0x10, 0x0E, 0x01
N_UNDF, N_SECT = 0x0, 0xE
LC_SYMTAB, LC_ID_DYLIB, LC_LOAD_DYLIB, LC_SEGMENT_64 = 0x2, 0xD, 0xC, 0x19
LC_CODE_SIGNATURE, LC_DYLD_INFO, LC_BUILD_VERSION = 0x1D, 0x22, 0x32
LC_LOAD_WEAK_DYLIB, LC_REEXPORT_DYLIB, LC_LOAD_UPWARD_DYLIB = 0x18, 0x1F, 0x23
LC_DYLD_CHAINED_FIXUPS = 0x34
REQUIRED = 0x80000000  # LC_REQ_DYLD


class MachOError(Exception):
    """Not a file of this format, or one that cannot be read here."""


def halves(data: bytes) -> dict[str, bytes]:
    """The files in a fat file, by architecture."""
    if len(data) < 8 or struct.unpack(">I", data[:4])[0] != 0xCAFEBABE:
        raise MachOError("no fat file")
    found: dict[str, bytes] = {}
    for i in range(struct.unpack(">I", data[4:8])[0]):
        kind, _, offset, size, _ = struct.unpack(">5I", data[8 + 20 * i : 28 + 20 * i])
        name = CPU_TYPES.get(kind, hex(kind))
        if name in found:
            raise MachOError(f"{name} is in it twice")
        found[name] = data[offset : offset + size]
    return found


def unsigned(data: bytes, at: int) -> tuple[int, int]:
    """A ULEB128 number and what follows it."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if byte & 0x80 == 0:
            return value, at


def signed(data: bytes, at: int) -> tuple[int, int]:
    """The same with a sign."""
    start = at
    value, at = unsigned(data, at)
    bits = 7 * (at - start)
    return (value - (1 << bits) if data[at - 1] & 0x40 else value), at


class Half:
    """One architecture's file."""

    def __init__(self, data: bytes):
        self.data = data
        if len(data) < 32 or struct.unpack("<I", data[:4])[0] != 0xFEEDFACF:
            raise MachOError("no 64-bit Mach-O file")
        self.filetype, count = struct.unpack("<II", data[12:20])
        self.segments: list[tuple[str, int, int, int]] = []  # name, address, file offset, file size
        self.sections: dict[tuple[str, str], tuple[int, int, int]] = {}  # address, size, file offset
        self.dylibs: list[str] = []
        self.install_name = self.minimum = None
        self.signature: bytes | None = None
        self.signature_at = 0
        self.dyld_info: tuple[int, ...] | None = None
        self.chained = False
        self.symbols: list[tuple[str, int, int]] = []  # name, type, value
        at = 32
        for _ in range(count):
            command, size = struct.unpack("<II", data[at : at + 8])
            self.read_command(command & ~REQUIRED, data[at : at + size])
            at += size

    def read_command(self, command: int, row: bytes) -> None:
        if command == LC_SEGMENT_64:
            name = row[8:24].rstrip(b"\0").decode()
            address, _, offset, size = struct.unpack("<4Q", row[24:56])
            self.segments.append((name, address, offset, size))
            for i in range(struct.unpack("<I", row[64:68])[0]):
                section = row[72 + 80 * i : 152 + 80 * i]
                address, size, offset = struct.unpack("<QQI", section[32:52])
                names = tuple(part.rstrip(b"\0").decode() for part in (section[16:32], section[:16]))
                self.sections[names] = (address, size, offset)
        elif command in (LC_ID_DYLIB, LC_LOAD_DYLIB, LC_LOAD_WEAK_DYLIB, LC_REEXPORT_DYLIB, LC_LOAD_UPWARD_DYLIB):
            name = row[struct.unpack("<I", row[8:12])[0] :].split(b"\0")[0].decode()
            if command == LC_ID_DYLIB:
                self.install_name = name
            else:
                self.dylibs.append(name)
        elif command == LC_SYMTAB:
            at, count, strings, _ = struct.unpack("<4I", row[8:24])
            for i in range(count):
                index, kind, _, _, value = struct.unpack("<IBBHQ", self.data[at + 16 * i : at + 16 * i + 16])
                if kind & N_STAB == 0:
                    end = self.data.index(b"\0", strings + index)
                    self.symbols.append((self.data[strings + index : end].decode(), kind, value))
        elif command == LC_BUILD_VERSION:
            platform, minimum = struct.unpack("<II", row[8:16])
            self.minimum = (platform, minimum >> 16, minimum >> 8 & 0xFF)
        elif command == LC_CODE_SIGNATURE:
            self.signature_at, size = struct.unpack("<II", row[8:16])
            self.signature = self.data[self.signature_at : self.signature_at + size]
        elif command == LC_DYLD_INFO:
            self.dyld_info = struct.unpack("<10I", row[8:48])
        elif command == LC_DYLD_CHAINED_FIXUPS:
            self.chained = True

    def address(self, segment: int, offset: int) -> int:
        return self.segments[segment][1] + offset

    def rebased(self) -> set[int]:
        """The addresses of pointers into the file itself."""
        data = self.info(0)
        found: set[int] = set()
        segment = offset = at = 0
        while at < len(data):
            opcode, low = data[at] & 0xF0, data[at] & 0x0F
            at += 1
            count, skip = 0, 0
            if opcode == 0x00:
                break
            if opcode == 0x20:
                segment = low
                offset, at = unsigned(data, at)
            elif opcode == 0x30:
                more, at = unsigned(data, at)
                offset += more
            elif opcode == 0x40:
                offset += 8 * low
            elif opcode == 0x50:
                count = low
            elif opcode == 0x60:
                count, at = unsigned(data, at)
            elif opcode == 0x70:
                count = 1
                skip, at = unsigned(data, at)
            elif opcode == 0x80:
                count, at = unsigned(data, at)
                skip, at = unsigned(data, at)
            elif opcode != 0x10:
                raise MachOError(f"rebase opcode {opcode:#x}")
            for _ in range(count):
                found.add(self.address(segment, offset))
                offset += 8 + skip
        return found

    def bound(self) -> dict[int, tuple[str, int]]:
        """What dyld writes at start: the address of the pointer, the symbol's name, the number added."""
        found: dict[int, tuple[str, int]] = {}
        for part in (1, 2, 3):  # bind, weak bind, lazy bind
            self.bind_part(self.info(part), part == 3, found)
        return found

    def bind_part(self, data: bytes, lazy: bool, found: dict[int, tuple[str, int]]) -> None:
        name, addend, segment, offset, at = "", 0, 0, 0, 0
        while at < len(data):
            opcode, low = data[at] & 0xF0, data[at] & 0x0F
            at += 1
            count, skip = 0, 0
            if opcode == 0x00:
                if lazy:
                    continue  # ends one entry of many
                break
            if opcode == 0x20:
                _, at = unsigned(data, at)
            elif opcode == 0x40:
                end = data.index(b"\0", at)
                name, at = data[at:end].decode(), end + 1
            elif opcode == 0x60:
                addend, at = signed(data, at)
            elif opcode == 0x70:
                segment = low
                offset, at = unsigned(data, at)
            elif opcode == 0x80:
                more, at = unsigned(data, at)
                offset = (offset + more) & (1 << 64) - 1
            elif opcode == 0x90:
                count = 1
            elif opcode == 0xA0:
                count = 1
                skip, at = unsigned(data, at)
            elif opcode == 0xB0:
                count, skip = 1, 8 * low
            elif opcode == 0xC0:
                count, at = unsigned(data, at)
                skip, at = unsigned(data, at)
            elif opcode not in (0x10, 0x30, 0x50):
                raise MachOError(f"bind opcode {opcode:#x}")
            for _ in range(count):
                found[self.address(segment, offset)] = (name, addend)
                offset = (offset + 8 + skip) & (1 << 64) - 1

    def info(self, part: int) -> bytes:
        if self.chained or self.dyld_info is None:
            raise MachOError("the pointers are not told by LC_DYLD_INFO, which is what is read here")
        offset, size = self.dyld_info[2 * part : 2 * part + 2]
        return self.data[offset : offset + size]

    def defined(self) -> dict[int, list[str]]:
        """Names by address."""
        found: dict[int, list[str]] = {}
        for name, kind, value in self.symbols:
            if kind & N_TYPE == N_SECT:
                found.setdefault(value, []).append(name)
        return found

    def undefined(self) -> set[str]:
        return {name for name, kind, _ in self.symbols if kind & N_TYPE == N_UNDF}

    def exported(self) -> set[str]:
        return {name for name, kind, _ in self.symbols if kind & N_TYPE == N_SECT and kind & N_EXT and not kind & N_PEXT}
