#include "cli/elf_file.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "core/dynamic_loader.h"
#include "core/go_program.h"

namespace hfoffline::cli {
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

// The kernel reads this much of a file before it decides (BINPRM_BUF_SIZE).
constexpr std::size_t kScriptLineBytes = 256;
// More than any linker makes; a file that claims more is not believed.
constexpr std::size_t kMaximumProgramHeaders = 256;
constexpr std::size_t kMaximumSectionBytes = 4 << 20;

class Reader {
 public:
  explicit Reader(int descriptor) : descriptor_(descriptor) {}
  ~Reader() { close(descriptor_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  int descriptor() const { return descriptor_; }
  std::size_t read(void* buffer, std::size_t size, std::uint64_t offset) const {
    if (offset > INT64_MAX) return 0;
    const ssize_t count = pread(descriptor_, buffer, size, static_cast<off_t>(offset));
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }
  template <class T>
  bool read_all(std::vector<T>& items, std::uint64_t offset) const {
    return read(items.data(), items.size() * sizeof(T), offset) == items.size() * sizeof(T);
  }

 private:
  int descriptor_;
};

using Headers = std::vector<Elf64_Phdr>;

// Where an address of the loaded program is in its file, or -1.
std::int64_t file_offset(const Headers& headers, std::uint64_t address) {
  for (const Elf64_Phdr& header : headers) {
    if (header.p_type == PT_LOAD && address >= header.p_vaddr &&
        address - header.p_vaddr < header.p_filesz) {
      return static_cast<std::int64_t>(address - header.p_vaddr + header.p_offset);
    }
  }
  return -1;
}

// DT_NEEDED, as far as it can be read.
std::vector<std::string> read_needed(const Reader& reader, const Headers& headers) {
  std::vector<std::string> result;
  const auto dynamic = std::find_if(headers.begin(), headers.end(), [](const Elf64_Phdr& header) {
    return header.p_type == PT_DYNAMIC;
  });
  if (dynamic == headers.end() || dynamic->p_filesz > kMaximumSectionBytes) return result;
  std::vector<Elf64_Dyn> entries(dynamic->p_filesz / sizeof(Elf64_Dyn));
  if (!reader.read_all(entries, dynamic->p_offset)) return result;
  std::uint64_t strings_address = 0;
  std::uint64_t strings_size = 0;
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_tag == DT_STRTAB) strings_address = entry.d_un.d_ptr;
    if (entry.d_tag == DT_STRSZ) strings_size = entry.d_un.d_val;
  }
  const std::int64_t strings_offset = file_offset(headers, strings_address);
  if (strings_offset < 0 || strings_size == 0 || strings_size > kMaximumSectionBytes) return result;
  std::vector<char> strings(strings_size);
  if (!reader.read_all(strings, static_cast<std::uint64_t>(strings_offset))) return result;
  strings.back() = '\0';
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_un.d_val >= strings.size()) continue;
    if (entry.d_tag == DT_NEEDED) result.emplace_back(&strings[entry.d_un.d_val]);
  }
  return result;
}

void inspect_elf(const Reader& reader, const Elf64_Ehdr& header, ProgramFile& program) {
  program.format = FileFormat::kElf;
  program.native = header.e_ident[EI_CLASS] == ELFCLASS64 &&
                   header.e_ident[EI_DATA] == kByteOrder && header.e_machine == kMachine;
  if (!program.native || header.e_phentsize != sizeof(Elf64_Phdr) ||
      header.e_phnum > kMaximumProgramHeaders)
    return;
  Headers headers(header.e_phnum);
  if (!reader.read_all(headers, header.e_phoff)) return;
  program.has_interpreter = std::any_of(headers.begin(), headers.end(), [](const Elf64_Phdr& row) {
    return row.p_type == PT_INTERP;
  });
  program.needed = read_needed(reader, headers);
  program.is_loader = !program.has_interpreter && is_dynamic_loader(reader.descriptor());
  program.is_go = is_go_program(reader.descriptor());
}

// As the kernel splits it: one interpreter, and the rest of the line as one argument.
void inspect_script(std::string_view start, ProgramFile& program) {
  program.format = FileFormat::kScript;
  std::string_view line = start.substr(2, start.find('\n') - 2);
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
  const std::size_t end =
      static_cast<std::size_t>(std::find_if(line.begin(), line.end(), is_blank) - line.begin());
  program.interpreter = line.substr(0, end);
  line.remove_prefix(end);
  while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  program.interpreter_argument = line;
}

}  // namespace

ProgramFile inspect_program(const std::string& path) {
  ProgramFile program;
  // Not blocking: a fifo in PATH would wait for a writer.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    program.error = errno;
    return program;
  }
  const Reader reader(descriptor);
  std::array<char, kScriptLineBytes> start;
  const std::size_t size = reader.read(start.data(), start.size(), 0);
  const std::string_view text(start.data(), size);
  Elf64_Ehdr header;
  if (size == 0) {
    program.format = FileFormat::kEmpty;
  } else if (text.starts_with(ELFMAG)) {
    std::memset(&header, 0, sizeof(header));
    std::memcpy(&header, start.data(), std::min(size, sizeof(header)));
    inspect_elf(reader, header, program);
  } else if (text.starts_with("#!")) {
    inspect_script(text, program);
  } else {
    const std::string_view line = text.substr(0, text.find('\n'));
    program.format = line.find('\0') == line.npos ? FileFormat::kText : FileFormat::kOther;
  }
  return program;
}

}  // namespace hfoffline::cli
