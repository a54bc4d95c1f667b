"""As much of ELF as the symbol test needs: 64-bit little-endian files, read whole."""

import struct

PT_LOAD, PT_DYNAMIC, PT_GNU_STACK = 1, 2, 0x6474E551
PF_X, PF_W = 1, 2
DT_NEEDED, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_TEXTREL, DT_FLAGS = 1, 4, 5, 6, 22, 30
DT_GNU_HASH, DT_VERSYM, DT_VERDEF, DT_VERNEED = 0x6FFFFEF5, 0x6FFFFFF0, 0x6FFFFFFC, 0x6FFFFFFE
DF_TEXTREL = 4
STB_LOCAL, STB_GLOBAL, STB_WEAK = 0, 1, 2
STT_OBJECT, STT_FUNC, STT_GNU_IFUNC = 1, 2, 10
SHT_SYMTAB = 2


class ElfError(Exception):
    pass


class Symbol:
    def __init__(self, name, info, section, version):
        self.name = name
        self.binding = info >> 4
        self.kind = info & 15
        self.is_defined = section != 0
        self.version = version


class Elf:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise ElfError("%s is not a 64-bit little-endian ELF file" % path)
        self.path = path
        header = struct.unpack_from("<HHIQQQIHHHHHH", self.data, 16)
        program_offset, self._section_offset = header[4], header[5]
        program_size, program_count = header[8], header[9]
        self._section_size, self._section_count = header[10], header[11]
        self.segments = []  # (type, flags, offset, address, size in the file)
        for index in range(program_count):
            kind, flags, offset, address, _, size = struct.unpack_from(
                "<IIQQQQ", self.data, program_offset + index * program_size)
            self.segments.append((kind, flags, offset, address, size))
        self.dynamic = []  # (tag, value)
        for kind, _, offset, _, size in self.segments:
            if kind != PT_DYNAMIC:
                continue
            for at in range(offset, offset + size, 16):
                tag, value = struct.unpack_from("<qQ", self.data, at)
                if tag == 0:
                    break
                self.dynamic.append((tag, value))

    def value(self, tag):
        return next((value for known, value in self.dynamic if known == tag), None)

    def offset_of(self, address):
        for kind, _, offset, start, size in self.segments:
            if kind == PT_LOAD and start <= address < start + size:
                return address - start + offset
        raise ElfError("%s: address %#x is not in the file" % (self.path, address))

    def text(self, offset):
        return self.data[offset:self.data.index(b"\0", offset)].decode()

    def needed(self):
        strings = self.offset_of(self.value(DT_STRTAB))
        return [self.text(strings + value) for tag, value in self.dynamic if tag == DT_NEEDED]

    def _dynamic_symbol_count(self):
        table = self.value(DT_HASH)
        if table is not None:
            return struct.unpack_from("<I", self.data, self.offset_of(table) + 4)[0]
        table = self.value(DT_GNU_HASH)
        if table is None:
            raise ElfError("%s has no hash table" % self.path)
        at = self.offset_of(table)
        buckets, first, bloom = struct.unpack_from("<III", self.data, at)
        bucket_offset = at + 16 + 8 * bloom
        last = max(struct.unpack_from("<%dI" % buckets, self.data, bucket_offset), default=0)
        if last < first:
            return first
        chains = bucket_offset + 4 * buckets
        while not struct.unpack_from("<I", self.data, chains + 4 * (last - first))[0] & 1:
            last += 1
        return last + 1

    def _versions(self):
        """Version names by index."""
        names = {}
        definitions = self.value(DT_VERDEF)
        if definitions is None:
            return names
        strings = self.offset_of(self.value(DT_STRTAB))
        at = self.offset_of(definitions)
        while True:
            _, _, index, _, _, auxiliary, following = struct.unpack_from("<HHHHIII", self.data, at)
            names[index] = self.text(strings + struct.unpack_from("<I", self.data, at + auxiliary)[0])
            if not following:
                return names
            at += following

    def dynamic_symbols(self):
        symbols = self.offset_of(self.value(DT_SYMTAB))
        strings = self.offset_of(self.value(DT_STRTAB))
        versions = self._versions()
        indices = self.value(DT_VERSYM)
        result = []
        for number in range(1, self._dynamic_symbol_count()):
            name, info, _, section = struct.unpack_from("<IBBH", self.data, symbols + 24 * number)
            version = None
            if indices is not None:
                index = struct.unpack_from("<H", self.data, self.offset_of(indices) + 2 * number)[0]
                version = versions.get(index & 0x7FFF)
            result.append(Symbol(self.text(strings + name), info, section, version))
        return result

    def all_symbol_names(self):
        """Names of the symbol table too, where the file is not stripped."""
        names = {symbol.name for symbol in self.dynamic_symbols()}
        sections = [struct.unpack_from("<IIQQQQIIQQ", self.data, self._section_offset + i * self._section_size)
                    for i in range(self._section_count)] if self._section_offset else []
        for _, kind, _, _, offset, size, link, _, _, entry in sections:
            if kind != SHT_SYMTAB:
                continue
            strings = sections[link][4]
            for at in range(offset + entry, offset + size, entry):
                name = struct.unpack_from("<I", self.data, at)[0]
                if name:
                    names.add(self.text(strings + name))
        return names
