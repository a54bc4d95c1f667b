// Starts another program and keeps what it says.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace hfoffline::layers {

struct ChildCommand {
  std::string program = {};                   // a path; not looked for in PATH
  std::vector<std::string> arguments = {};    // the first is the program's own name
  std::vector<std::string> environment = {};  // NAME=VALUE
  std::string directory = {};                 // where it starts; "": here
  std::string input = {};                     // what it reads from stdin
  std::chrono::seconds limit = std::chrono::seconds(60);
  // When this process (its main thread) is gone, the child gets SIGTERM, and with this SIGKILL.
  bool dies_with_us = false;
  bool pass_on = false;  // both outputs go to our stderr as they come, besides being kept
  // Asked whenever one of the outputs has more: true says that it is enough, and the child is
  // ended.
  std::function<bool(const std::string& out, const std::string& diagnostics)> enough = {};
};

struct ChildOutput {
  int error =
      0;  // errno of starting it, ETIMEDOUT if it was killed at the limit; 0: it ran to its end
  int wait_status = 0;   // as waitpid(2) gives it, valid if error is 0
  bool stopped = false;  // it was ended because what it said was enough
  std::string out;       // at most kMaximumOutputBytes of stdout, and of stderr
  std::string diagnostics;

  bool succeeded() const { return error == 0 && wait_status == 0; }
};

inline constexpr std::size_t kMaximumOutputBytes = 64 << 20;

// Waits for its end. Changes no signal mask; SIGPIPE is ignored meanwhile. The child leads a
// process group of its own, all of which is killed at the limit.
ChildOutput run_child(const ChildCommand& command);

// For people: "exit code 1", "signal 11", "No such file or directory".
std::string describe_end(const ChildOutput& output);

// The environment of this process as NAME=VALUE texts, without the names in `without`.
std::vector<std::string> environment_without(const std::vector<std::string>& without);

}  // namespace hfoffline::layers
