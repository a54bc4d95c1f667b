#include "layers/elf_writer.h"

#include <elf.h>

#include <cstdint>
#include <cstring>

namespace hfoffline::layers {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#else
constexpr std::uint16_t kMachine = EM_AARCH64;
#endif

// The largest page size of both machines: a segment's address and offset must agree modulo it.
constexpr std::uint64_t kPage = 0x10000;

template <class T>
void put(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::uint64_t align(std::uint64_t value, std::uint64_t to) { return (value + to - 1) / to * to; }

class Strings {
 public:
  std::uint64_t add(std::string_view text) {
    const std::uint64_t offset = bytes_.size();
    bytes_.append(text).push_back('\0');
    return offset;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_ = std::string(1, '\0');
};

}  // namespace

// One readable and writable segment holds everything, at addresses equal to the offsets: headers,
// interpreter, symbol table (the one symbol that must be there), hash table, dynamic section,
// strings.
std::string write_elf(const ElfImage& image) {
  Strings strings;
  std::vector<Elf64_Dyn> dynamic;
  const auto add = [&](std::int64_t tag, std::uint64_t value) {
    Elf64_Dyn entry = {};
    entry.d_tag = tag;
    entry.d_un.d_val = value;
    dynamic.push_back(entry);
  };
  for (const std::string& name : image.needed) add(DT_NEEDED, strings.add(name));
  if (!image.soname.empty()) add(DT_SONAME, strings.add(image.soname));
  if (!image.rpath.empty()) add(DT_RPATH, strings.add(image.rpath));
  if (!image.runpath.empty()) add(DT_RUNPATH, strings.add(image.runpath));
  if (image.no_default_directories) add(DT_FLAGS_1, DF_1_NODEFLIB);

  const bool is_program = !image.interpreter.empty();
  const std::size_t header_count = is_program ? 4 : 2;
  const std::uint64_t interpreter = sizeof(Elf64_Ehdr) + header_count * sizeof(Elf64_Phdr);
  const std::uint64_t interpreter_size = is_program ? image.interpreter.size() + 1 : 0;
  const std::uint64_t symbols = align(interpreter + interpreter_size, 8);
  const std::uint64_t hash = symbols + sizeof(Elf64_Sym);
  constexpr std::uint32_t kHash[] = {1, 1, 0, 0};  // one bucket, one chain, both empty
  const std::uint64_t dynamic_offset = align(hash + sizeof(kHash), 8);
  const std::uint64_t dynamic_size = (dynamic.size() + 6) * sizeof(Elf64_Dyn);
  const std::uint64_t strings_offset = dynamic_offset + dynamic_size;
  add(DT_HASH, hash);
  add(DT_STRTAB, strings_offset);
  add(DT_SYMTAB, symbols);
  add(DT_STRSZ, strings.bytes().size());
  add(DT_SYMENT, sizeof(Elf64_Sym));
  add(DT_NULL, 0);
  const std::uint64_t total = strings_offset + strings.bytes().size();

  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_DYN;
  header.e_machine = kMachine;
  header.e_version = EV_CURRENT;
  header.e_phoff = sizeof(Elf64_Ehdr);
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = static_cast<std::uint16_t>(header_count);

  std::string bytes;
  put(bytes, header);
  const auto segment = [&](std::uint32_t type, std::uint32_t flags, std::uint64_t offset,
                           std::uint64_t size, std::uint64_t alignment) {
    Elf64_Phdr row = {};
    row.p_type = type;
    row.p_flags = flags;
    row.p_offset = row.p_vaddr = row.p_paddr = offset;
    row.p_filesz = row.p_memsz = size;
    row.p_align = alignment;
    put(bytes, row);
  };
  if (is_program) {
    // musl finds the address of the program by its PT_PHDR, which must come first.
    segment(PT_PHDR, PF_R, header.e_phoff, header_count * sizeof(Elf64_Phdr), 8);
    segment(PT_INTERP, PF_R, interpreter, interpreter_size, 1);
  }
  segment(PT_LOAD, PF_R | PF_W, 0, total, kPage);
  segment(PT_DYNAMIC, PF_R | PF_W, dynamic_offset, dynamic_size, 8);
  if (is_program) bytes.append(image.interpreter).push_back('\0');
  bytes.resize(symbols);
  put(bytes, Elf64_Sym{});
  put(bytes, kHash);
  bytes.resize(dynamic_offset);
  for (const Elf64_Dyn& entry : dynamic) put(bytes, entry);
  bytes.append(strings.bytes());
  return bytes;
}

}  // namespace hfoffline::layers
