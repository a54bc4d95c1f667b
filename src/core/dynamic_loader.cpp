#include "core/dynamic_loader.h"

#include "core/text.h"

namespace hfoffline {
namespace {

// More than any linker makes; a file that claims more is not believed.
constexpr std::uint64_t kMaximumDynamicEntries = 1024;
constexpr std::size_t kMaximumNameBytes = 32;

// The address of the program's DT_SONAME, or 0.
std::uint64_t name_address(int descriptor, const Elf64_Phdr& dynamic) {
  std::uint64_t strings = 0;
  std::uint64_t name = 0;
  std::uint64_t count = dynamic.p_filesz / sizeof(Elf64_Dyn);
  if (count > kMaximumDynamicEntries) count = kMaximumDynamicEntries;
  for (std::uint64_t i = 0; i < count; ++i) {
    Elf64_Dyn entry;
    if (!read_whole_at(descriptor, &entry, sizeof(entry), dynamic.p_offset + i * sizeof(entry)) ||
        entry.d_tag == DT_NULL) {
      break;
    }
    if (entry.d_tag == DT_STRTAB) strings = entry.d_un.d_ptr;
    if (entry.d_tag == DT_SONAME) name = entry.d_un.d_val;
  }
  return name == 0 || strings == 0 ? 0 : strings + name;
}

bool is_loader_name(std::string_view soname) {
  for (const std::string_view start : {"ld-linux", "ld-musl", "libc.musl"}) {
    if (slice(soname, 0, start.size()) == start) return true;
  }
  return soname == "libc.so";  // musl's libc and loader are one file
}

}  // namespace

bool is_dynamic_loader(ElfSegments& segments) {
  const int descriptor = segments.descriptor();
  segments.rewind();
  Elf64_Phdr dynamic;
  dynamic.p_type = PT_NULL;
  while (const Elf64_Phdr* segment = segments.next()) {
    if (segment->p_type == PT_INTERP) return false;
    if (segment->p_type == PT_DYNAMIC) dynamic = *segment;
  }
  if (dynamic.p_type == PT_NULL) return false;
  const std::uint64_t address = name_address(descriptor, dynamic);
  if (address == 0) return false;
  segments.rewind();
  while (const Elf64_Phdr* segment = segments.next()) {
    if (segment->p_type != PT_LOAD || address < segment->p_vaddr ||
        address - segment->p_vaddr >= segment->p_filesz) {
      continue;
    }
    char name[kMaximumNameBytes];
    const std::uint64_t offset = address - segment->p_vaddr + segment->p_offset;
    return read_whole_at(descriptor, name, sizeof(name), offset) &&
           is_loader_name(slice({name, sizeof(name)}, 0, find_byte({name, sizeof(name)}, '\0')));
  }
  return false;
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
