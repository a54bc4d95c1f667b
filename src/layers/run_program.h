// Runs a program to its end, with texts for its stdin and from its stdout and stderr.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace hfoffline::layers {

struct ProgramResult {
  int wait_status = 0;  // as waitpid(2) gives it
  std::string output;
  std::string messages;  // the first 64 KiB of stderr
};

// `arguments[0]` is its path; `environment` is NULL-terminated. DeadlineExceeded, and the program
// is killed, if it has not ended after `seconds`. Blocks SIGPIPE while it runs; not for threads.
absl::StatusOr<ProgramResult> run_program(const std::vector<std::string>& arguments,
                                          const std::vector<std::string>& environment,
                                          const std::string& input, int seconds);

}  // namespace hfoffline::layers
