// The program a run starts: found as execvp(3) finds it, and looked at before it runs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/reasons.h"

namespace hfoffline::cli {

struct Target {
  std::string path;        // what execve will be given
  int error = 0;           // errno of finding it: ENOENT, EACCES, ...; 0: found
  bool use_shell = false;  // a text without "#!": execvp(3) runs /bin/sh on it

  // Why the shim cannot enter it, Reason::none if it can; and the file that is the reason: the
  // program itself, or the interpreter of a script.
  Reason unshimmed = Reason::none;
  std::string unshimmed_file;

  bool uses_shared_asan = false;
  bool is_loader = false;  // a dynamic loader: what it is told to load decides
};

// `search_path` is the value of PATH that the program will have, nullptr if none. Directories are
// tried in order; what cannot be executed is passed over but remembered, so that the error is
// EACCES rather than ENOENT.
Target find_target(std::string_view name, const char* search_path);

// Where the target is a dynamic loader, looks at the program that it is told to load. `texts` is
// the whole command, each NUL-terminated.
void look_at_loaded(std::span<const std::string_view> texts, Target& target);

// Whether executing the file makes the loader ignore LD_PRELOAD: setuid, setgid or file
// capabilities that give this process something it does not have.
bool is_privileged(const std::string& path);

}  // namespace hfoffline::cli
