#include "core/dynamic_loader.h"

#include "core/elf_hash.h"
#include "core/text.h"

namespace hfoffline {
namespace {

// More than any linker makes; a file that claims more is not believed.
constexpr std::uint64_t kMaximumDynamicEntries = 1024;
constexpr unsigned kMaximumChain = 1024;
constexpr std::size_t kMaximumNameBytes = 32;

// Addresses in the loaded file; 0: not there.
struct Dynamic {
  std::uint64_t strings = 0;
  std::uint64_t symbols = 0;
  std::uint64_t hash = 0;
  std::uint64_t soname = 0;  // in the strings
};

Dynamic read_dynamic(int descriptor, const Elf64_Phdr& segment) {
  Dynamic result;
  std::uint64_t count = segment.p_filesz / sizeof(Elf64_Dyn);
  if (count > kMaximumDynamicEntries) count = kMaximumDynamicEntries;
  for (std::uint64_t i = 0; i < count; ++i) {
    Elf64_Dyn entry;
    if (!read_whole_at(descriptor, &entry, sizeof(entry), segment.p_offset + i * sizeof(entry)) ||
        entry.d_tag == DT_NULL) {
      break;
    }
    if (entry.d_tag == DT_STRTAB) result.strings = entry.d_un.d_ptr;
    if (entry.d_tag == DT_SYMTAB) result.symbols = entry.d_un.d_ptr;
    if (entry.d_tag == DT_HASH) result.hash = entry.d_un.d_ptr;
    if (entry.d_tag == DT_SONAME) result.soname = entry.d_un.d_val;
  }
  return result;
}

bool read_loaded(ElfSegments& segments, void* buffer, std::size_t size, std::uint64_t address) {
  segments.rewind();
  while (const Elf64_Phdr* segment = segments.next()) {
    if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
        address - segment->p_vaddr < segment->p_filesz) {
      return read_whole_at(segments.descriptor(), buffer, size,
                           address - segment->p_vaddr + segment->p_offset);
    }
  }
  return false;
}

bool is_loader_name(std::string_view soname) {
  for (const std::string_view start : {"ld-linux", "ld-musl", "libc.musl"}) {
    if (slice(soname, 0, start.size()) == start) return true;
  }
  return soname == "libc.so";  // musl's libc and loader are one file
}

// `name` has less than kMaximumNameBytes bytes.
bool is_definition_of(ElfSegments& segments, const Dynamic& dynamic, std::uint32_t index,
                      std::string_view name) {
  Elf64_Sym symbol;
  char text[kMaximumNameBytes];
  return read_loaded(segments, &symbol, sizeof(symbol), dynamic.symbols + index * sizeof(symbol)) &&
         symbol.st_shndx != SHN_UNDEF &&
         read_loaded(segments, text, name.size() + 1, dynamic.strings + symbol.st_name) &&
         std::string_view(text, name.size()) == name && text[name.size()] == '\0';
}

bool defines(ElfSegments& segments, const Dynamic& dynamic, const char* name) {
  struct {
    std::uint32_t buckets, chains;
  } table;
  if (dynamic.hash == 0 || !read_loaded(segments, &table, sizeof(table), dynamic.hash) ||
      table.buckets == 0) {
    return false;
  }
  const std::uint64_t buckets = dynamic.hash + sizeof(table);
  const std::uint64_t chains = buckets + table.buckets * sizeof(std::uint32_t);
  std::uint64_t next = buckets + sysv_hash_of(name) % table.buckets * sizeof(std::uint32_t);
  for (unsigned steps = 0; steps < kMaximumChain; ++steps) {
    std::uint32_t index = 0;
    if (!read_loaded(segments, &index, sizeof(index), next) || index == 0) return false;
    if (is_definition_of(segments, dynamic, index, name)) return true;
    next = chains + index * sizeof(std::uint32_t);
  }
  return false;
}

}  // namespace

bool is_dynamic_loader(ElfSegments& segments) {
  Elf64_Phdr found;
  found.p_type = PT_NULL;
  segments.rewind();
  while (const Elf64_Phdr* segment = segments.next()) {
    if (segment->p_type == PT_INTERP) return false;
    if (segment->p_type == PT_DYNAMIC) found = *segment;
  }
  if (found.p_type == PT_NULL) return false;
  const Dynamic dynamic = read_dynamic(segments.descriptor(), found);
  if (dynamic.strings == 0) return false;
  // musl gives its file no name unless a distribution does; debuggers know it by this one.
  if (dynamic.soname == 0) return defines(segments, dynamic, "_dl_debug_addr");
  char name[kMaximumNameBytes];
  return read_loaded(segments, name, sizeof(name), dynamic.strings + dynamic.soname) &&
         is_loader_name(slice({name, sizeof(name)}, 0, find_byte({name, sizeof(name)}, '\0')));
}

const char* loaded_program(const char* const* arguments) {
  if (arguments == nullptr || arguments[0] == nullptr) return nullptr;
  for (++arguments; *arguments != nullptr; ++arguments) {
    const std::string_view text = *arguments;
    if (slice(text, 0, 2) != "--") return find_byte(text, '/') < text.size() ? *arguments : nullptr;
    for (const std::string_view option : {"--list", "--verify", "--help", "--version"}) {
      if (slice(text, 0, option.size()) == option) return nullptr;
    }
    for (const std::string_view option :
         {"--library-path", "--glibc-hwcaps-prepend", "--glibc-hwcaps-mask", "--inhibit-rpath",
          "--audit", "--preload", "--argv0"}) {
      if (text != option) continue;
      ++arguments;
      if (*arguments == nullptr) return nullptr;
      break;
    }
  }
  return nullptr;
}

}  // namespace hfoffline
