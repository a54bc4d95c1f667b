#include "cli/elf_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include "core/dynamic_loader.h"
#include "core/elf_segments.h"
#include "core/go_program.h"
#include "layers/elf_dynamic.h"

namespace hfoffline::cli {
namespace {

// The kernel reads this much of a file before it decides (BINPRM_BUF_SIZE).
constexpr std::size_t kScriptLineBytes = 256;

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() { close(descriptor_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

void inspect_elf(int descriptor, ProgramFile& program) {
  program.format = FileFormat::kElf;
  std::optional<layers::ElfDynamic> file = layers::read_elf_dynamic(descriptor);
  if (!file) return;
  program.native = file->native;
  program.has_interpreter = file->has_interpreter;
  program.needed = std::move(file->needed);
  if (!file->native) return;
  ElfSegments segments(descriptor);
  program.is_damaged = segments.is_damaged();
  program.is_loader = !file->has_interpreter && is_dynamic_loader(segments);
  program.is_go = is_go_program(segments);
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
  const Descriptor file(descriptor);
  std::array<char, kScriptLineBytes> start;
  const ssize_t count = pread(descriptor, start.data(), start.size(), 0);
  const std::string_view text(start.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
  if (text.empty()) {
    program.format = FileFormat::kEmpty;
  } else if (text.starts_with("\x7f"
                              "ELF")) {
    inspect_elf(descriptor, program);
  } else if (text.starts_with("#!")) {
    inspect_script(text, program);
  } else {
    const std::string_view line = text.substr(0, text.find('\n'));
    program.format = line.find('\0') == line.npos ? FileFormat::kText : FileFormat::kOther;
  }
  return program;
}

}  // namespace hfoffline::cli
