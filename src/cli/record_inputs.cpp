#include "cli/record_inputs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>
#include <utility>

#include "cli/message.h"
#include "cli/string_tools.h"
#include "report/line_reader.h"

namespace hfoffline::cli {
namespace {

// One line on a terminal that is written over and over, from the second second on.
class Progress {
 public:
  Progress() : wanted_(isatty(STDERR_FILENO) == 1) {}
  ~Progress() {
    if (shown_) write_text("\r\033[K");
  }

  void total(std::uint64_t bytes) { total_ += bytes; }
  void file_done(std::uint64_t bytes) { before_ += bytes; }

  // Called for every line; looks at the clock at every few thousandth.
  void step(std::uint64_t bytes_of_file) {
    if (!wanted_ || ++lines_ % 8192 != 0) return;
    const auto now = Clock::now();
    if (now - last_ < std::chrono::milliseconds(shown_ ? 200 : 1000)) return;
    last_ = now;
    shown_ = true;
    const std::uint64_t bytes = before_ + bytes_of_file;
    char text[100];
    if (total_ >= bytes && total_ != 0) {
      std::snprintf(text, sizeof(text), "\rhfoffline: reading: %3.0f %%, %.1f million lines\033[K",
                    100.0 * static_cast<double>(bytes) / static_cast<double>(total_),
                    static_cast<double>(lines_) / 1e6);
    } else {
      std::snprintf(text, sizeof(text), "\rhfoffline: reading: %.1f million lines\033[K",
                    static_cast<double>(lines_) / 1e6);
    }
    write_text(text);
  }

 private:
  using Clock = std::chrono::steady_clock;

  static void write_text(std::string_view text) {
    if (write(STDERR_FILENO, text.data(), text.size()) < 0) return;
  }

  bool wanted_;
  bool shown_ = false;
  std::uint64_t total_ = 0;
  std::uint64_t before_ = 0;
  std::uint64_t lines_ = 0;
  Clock::time_point last_ = Clock::now();
};

struct Input {
  std::string name;
  int descriptor = -1;
};

class Inputs {
 public:
  Inputs() = default;
  Inputs(const Inputs&) = delete;
  Inputs& operator=(const Inputs&) = delete;
  ~Inputs() {
    for (const Input& input : inputs_) {
      if (input.descriptor != STDIN_FILENO) close(input.descriptor);
    }
  }

  // All are opened before the first is read: who waits for minutes is not told then that a name is
  // wrong.
  bool open_all(std::span<const std::string_view> files, Progress& progress) {
    bool good = true;
    for (const std::string_view file : files) good = open_one(file, progress) && good;
    return good;
  }
  const std::vector<Input>& all() const { return inputs_; }

 private:
  bool open_one(std::string_view file, Progress& progress) {
    const std::string name(file);
    const bool is_stdin = name == "-";
    const int descriptor =
        is_stdin ? STDIN_FILENO : open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat status = {};
    int problem = descriptor < 0 || fstat(descriptor, &status) != 0 ? errno : 0;
    if (problem == 0 && S_ISDIR(status.st_mode)) problem = EISDIR;
    if (problem != 0) {
      if (descriptor >= 0 && !is_stdin) close(descriptor);
      error(cat(printable(name), " cannot be read: ", std::strerror(problem)));
      return false;
    }
    if (!seen_.emplace(status.st_dev, status.st_ino).second) {
      if (!is_stdin) close(descriptor);
      warn(cat(printable(name), " is given twice, and read once"));
      return true;
    }
    if (S_ISREG(status.st_mode)) progress.total(static_cast<std::uint64_t>(status.st_size));
    inputs_.push_back({is_stdin ? "stdin" : name, descriptor});
    return true;
  }

  std::vector<Input> inputs_;
  std::set<std::pair<dev_t, ino_t>> seen_;
};

// Another file than was meant must not look like a record in which nothing was refused. One torn
// line is what a killed process leaves.
bool check_is_record(const Input& input, const report::Inputs& before, const report::Inputs& now) {
  const std::uint64_t lines = now.lines - before.lines;
  if (now.damaged - before.damaged < lines || lines == now.torn - before.torn) return true;
  error(cat(printable(input.name), " is not a record: none of its ", std::to_string(lines),
            lines == 1 ? " line is one" : " lines is one"));
  return false;
}

bool read_one(const Input& input, report::ReportBuilder& builder, Progress& progress) {
  const report::Inputs before = builder.inputs();
  report::LineReader reader(input.descriptor);
  std::string_view line;
  while (reader.next(&line)) {
    if (reader.was_cut()) {
      builder.add_damaged();
    } else {
      builder.add_line(line, reader.lacked_newline());
    }
    progress.step(reader.bytes());
  }
  progress.file_done(reader.bytes());
  builder.add_input(input.name);
  if (reader.error() == 0) return check_is_record(input, before, builder.inputs());
  error(cat(printable(input.name), " cannot be read: ", std::strerror(reader.error())));
  return false;
}

}  // namespace

bool read_records(std::span<const std::string_view> files, report::ReportBuilder& builder) {
  Progress progress;
  Inputs inputs;
  if (!inputs.open_all(files, progress)) return false;
  for (const Input& input : inputs.all()) {
    if (!read_one(input, builder, progress)) return false;
  }
  return true;
}

}  // namespace hfoffline::cli
