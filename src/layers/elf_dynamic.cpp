#include "layers/elf_dynamic.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace hfoffline::layers {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#else
#error "hfoffline supports x86-64 and aarch64"
#endif
constexpr unsigned char kByteOrder =
    std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

// More than any linker makes; a file that claims more is not believed.
constexpr std::size_t kMaximumProgramHeaders = 256;
constexpr std::size_t kMaximumSectionBytes = 4 << 20;
constexpr std::size_t kMaximumInterpreterBytes = 4096;  // PATH_MAX, as the kernel

class Reader {
 public:
  explicit Reader(int descriptor) : descriptor_(descriptor) {}

  bool read(void* buffer, std::size_t size, std::uint64_t offset) const {
    if (offset > INT64_MAX) return false;
    return pread(descriptor_, buffer, size, static_cast<off_t>(offset)) ==
           static_cast<ssize_t>(size);
  }
  template <class T>
  bool read(std::vector<T>& items, std::uint64_t offset) const {
    return read(items.data(), items.size() * sizeof(T), offset);
  }

 private:
  int descriptor_;
};

using Headers = std::vector<Elf64_Phdr>;

const Elf64_Phdr* find_header(const Headers& headers, std::uint32_t type) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const Elf64_Phdr& header) { return header.p_type == type; });
  return found == headers.end() ? nullptr : &*found;
}

// Where an address of the loaded file is in the file itself.
std::optional<std::uint64_t> file_offset(const Headers& headers, std::uint64_t address) {
  for (const Elf64_Phdr& header : headers) {
    if (header.p_type == PT_LOAD && address >= header.p_vaddr &&
        address - header.p_vaddr < header.p_filesz) {
      return address - header.p_vaddr + header.p_offset;
    }
  }
  return std::nullopt;
}

void read_interpreter(const Reader& reader, const Headers& headers, ElfDynamic& result) {
  const Elf64_Phdr* header = find_header(headers, PT_INTERP);
  result.has_interpreter = header != nullptr;
  if (header == nullptr || header->p_filesz == 0 || header->p_filesz > kMaximumInterpreterBytes)
    return;
  std::vector<char> text(header->p_filesz);
  if (!reader.read(text, header->p_offset)) return;
  text.back() = '\0';
  result.interpreter = text.data();
}

void read_entries(const Reader& reader, const Headers& headers, ElfDynamic& result) {
  const Elf64_Phdr* header = find_header(headers, PT_DYNAMIC);
  if (header == nullptr || header->p_filesz > kMaximumSectionBytes) return;
  std::vector<Elf64_Dyn> entries(header->p_filesz / sizeof(Elf64_Dyn));
  if (!reader.read(entries, header->p_offset)) return;
  result.has_dynamic_section = true;
  const auto end = std::find_if(entries.begin(), entries.end(),
                                [](const Elf64_Dyn& entry) { return entry.d_tag == DT_NULL; });
  entries.erase(end, entries.end());
  std::uint64_t strings_address = 0;
  std::uint64_t strings_size = 0;
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_tag == DT_STRTAB) strings_address = entry.d_un.d_ptr;
    if (entry.d_tag == DT_STRSZ) strings_size = entry.d_un.d_val;
    if (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_NODEFLIB) != 0)
      result.no_default_directories = true;
  }
  const std::optional<std::uint64_t> strings_offset = file_offset(headers, strings_address);
  if (!strings_offset || strings_size == 0 || strings_size > kMaximumSectionBytes) return;
  std::vector<char> strings(strings_size);
  if (!reader.read(strings, *strings_offset)) return;
  strings.back() = '\0';
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_un.d_val >= strings.size()) continue;
    const char* text = &strings[entry.d_un.d_val];
    if (entry.d_tag == DT_NEEDED) result.needed.emplace_back(text);
    if (entry.d_tag == DT_SONAME) result.soname = text;
    if (entry.d_tag == DT_RPATH) result.rpath = text;
    if (entry.d_tag == DT_RUNPATH) result.runpath = text;
  }
}

}  // namespace

std::optional<ElfDynamic> read_elf_dynamic(int descriptor) {
  const Reader reader(descriptor);
  Elf64_Ehdr header;
  // A file for 32 bits may be shorter than this header, but then it holds nothing that could run.
  if (!reader.read(&header, sizeof(header), 0) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return std::nullopt;
  }
  ElfDynamic result;
  result.native = header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == kByteOrder &&
                  header.e_machine == kMachine;
  if (!result.native) return result;
  result.type = header.e_type;
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > kMaximumProgramHeaders)
    return result;
  Headers headers(header.e_phnum);
  if (!reader.read(headers, header.e_phoff)) return result;
  read_interpreter(reader, headers, result);
  read_entries(reader, headers, result);
  return result;
}

std::optional<ElfDynamic> read_elf_dynamic(const std::string& path) {
  // Not blocking: a fifo would wait for a writer.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return std::nullopt;
  struct stat status;
  std::optional<ElfDynamic> result;
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode))
    result = read_elf_dynamic(descriptor);
  close(descriptor);
  return result;
}

}  // namespace hfoffline::layers
