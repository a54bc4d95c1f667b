// The program's command line as execve takes it, and what to say when it cannot be started.
#pragma once

#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/target.h"

namespace hfoffline::cli {

// A text without "#!" is run by /bin/sh, as execvp(3) does.
class CommandLine {
 public:
  CommandLine(const Target& target, std::span<const std::string_view> texts);

  const char* path() const { return path_.c_str(); }
  char* const* arguments() const { return pointers_.data(); }

 private:
  std::string path_;
  std::list<std::string> texts_;
  std::vector<char*> pointers_;
};

// Says that `name` could not be started, and returns the exit code: 127 if it was not found, else
// 126. `found`: the program itself is there, so that ENOENT is about its interpreter.
int report_start_failure(std::string_view name, int error, bool found);

}  // namespace hfoffline::cli
