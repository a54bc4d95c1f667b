#include "cli/command_line.h"

#include <cerrno>
#include <cstring>

#include "cli/exit_codes.h"
#include "cli/message.h"
#include "cli/string_tools.h"

namespace hfoffline::cli {

CommandLine::CommandLine(const Target& target, std::span<const std::string_view> texts)
    : path_(target.path) {
  if (target.use_shell) {
    texts_.emplace_back("sh");
    texts_.push_back(path_);
    path_ = "/bin/sh";
    texts = texts.subspan(1);
  }
  for (const std::string_view text : texts) texts_.emplace_back(text);
  for (std::string& text : texts_) pointers_.push_back(text.data());
  pointers_.push_back(nullptr);
}

int report_start_failure(std::string_view name, int error_number, bool found) {
  const std::string shown = printable(name);
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      if (found) {
        error(cat(shown, ": cannot be executed: its interpreter or loader is missing"));
        return kNotExecutable;
      }
      error(cat(shown, ": command not found",
                name.find('/') == name.npos ? "; PATH has no program of this name" : ""));
      return kNotFound;
    case ENOEXEC:
      error(cat(shown, ": cannot be executed: not a program of this machine, and not a script"));
      return kNotExecutable;
    case EACCES:
      error(cat(
          shown,
          ": cannot be executed: permission denied (no x bit, a directory, or a noexec mount)"));
      return kNotExecutable;
    default:
      error(cat(shown, ": cannot be executed: ", std::strerror(error_number)));
      return kNotExecutable;
  }
}

}  // namespace hfoffline::cli
