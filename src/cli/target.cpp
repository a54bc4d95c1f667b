#include "cli/target.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "cli/elf_file.h"
#include "cli/string_tools.h"
#include "core/dynamic_loader.h"

namespace hfoffline::cli {
namespace {

// The kernel follows this many interpreters (fs/exec.c).
constexpr int kMaximumInterpreters = 5;
// What execvp(3) uses when PATH is not set.
constexpr char kDefaultPath[] = "/bin:/usr/bin";

// Whether execve would get as far as reading the file.
int executable_error(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return errno;
  if (!S_ISREG(status.st_mode)) return EACCES;
  if (faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0) return errno;
  struct statvfs mount;
  if (statvfs(path.c_str(), &mount) == 0 && (mount.f_flag & ST_NOEXEC) != 0) return EACCES;
  return 0;
}

bool is_env(std::string_view interpreter) {
  return interpreter == "env" || interpreter.ends_with("/env");
}

// The program that `#!/usr/bin/env X` or `#!/usr/bin/env -S X ...` starts, or "" if it is not that
// simple.
std::string env_program(std::string_view argument) {
  bool split = false;
  for (std::string_view word : split_skipping_empty(argument, " \t")) {
    if (word == "-S" || word == "--split-string") {
      split = true;
      continue;
    }
    if (word.starts_with("-")) return "";
    if (word.find('=') != word.npos) continue;
    // Without -S the kernel hands the whole rest over as one word.
    return std::string(split ? word : argument);
  }
  return "";
}

// Finds the program without looking into it.
Target locate(std::string_view name, const char* search_path) {
  Target target;
  const auto accept = [&](std::string path) {
    target.error = executable_error(path);
    if (target.error == 0) target.path = std::move(path);
    return target.error == 0;
  };
  if (name.empty()) {
    target.error = ENOENT;
    return target;
  }
  target.path = name;
  if (name.find('/') != name.npos) {
    accept(std::string(name));
    return target;
  }
  int error = ENOENT;
  for (const std::string_view directory :
       split(search_path != nullptr ? search_path : kDefaultPath, ":")) {
    // An empty entry means the working directory.
    if (accept(directory.empty() ? cat("./", name) : cat(directory, "/", name))) {
      return target;
    }
    if (target.error == EACCES) error = EACCES;
  }
  target.error = error;
  return target;
}

void look_at(const std::string& path, const char* search_path, int depth, Target& target) {
  const ProgramFile program = inspect_program(path);
  const auto unshimmed = [&](Reason reason) {
    target.unshimmed = reason;
    target.unshimmed_file = path;
  };
  switch (program.format) {
    case FileFormat::kElf:
      if (program.is_damaged) break;  // exec says so itself
      target.is_loader = depth == 0 && program.is_loader;
      if (!program.native) {
        unshimmed(Reason::exec_foreign);
      } else if (!program.has_interpreter && !program.is_loader) {
        unshimmed(Reason::exec_static);
      } else if (is_privileged(path)) {
        unshimmed(Reason::exec_privileged);
      } else if (program.is_go) {
        unshimmed(Reason::exec_own_calls);
      }
      for (const std::string& library : program.needed) {
        // gcc's is libasan.so.N, clang's with -shared-libasan libclang_rt.asan-ARCH.so.
        if (library.starts_with("libasan.so") || library.starts_with("libclang_rt.asan")) {
          target.uses_shared_asan = true;
        }
      }
      break;
    case FileFormat::kScript: {
      if (program.interpreter.empty() || depth == kMaximumInterpreters) break;
      look_at(program.interpreter, search_path, depth + 1, target);
      if (target.unshimmed != Reason::none || !is_env(program.interpreter)) break;
      const std::string name = env_program(program.interpreter_argument);
      if (name.empty()) break;
      const Target started = locate(name, search_path);
      if (started.error == 0) look_at(started.path, search_path, depth + 1, target);
      break;
    }
    case FileFormat::kEmpty:
    case FileFormat::kText:
      if (depth == 0) {
        target.use_shell = true;
        look_at("/bin/sh", search_path, depth + 1, target);
      }
      break;
    case FileFormat::kUnreadable:
      if (is_privileged(path)) unshimmed(Reason::exec_privileged);
      break;
    case FileFormat::kOther:
      break;
  }
}

}  // namespace

bool is_privileged(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return false;
  // On a nosuid mount, and under no_new_privs, the bits and capabilities do nothing.
  struct statvfs mount;
  if (statvfs(path.c_str(), &mount) == 0 && (mount.f_flag & ST_NOSUID) != 0) return false;
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) return false;
  if ((status.st_mode & S_ISUID) != 0 && status.st_uid != getuid()) return true;
  const bool setgid = (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
  if (setgid && status.st_gid != getgid()) return true;
  return getuid() != 0 && getxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
}

Target find_target(std::string_view name, const char* search_path) {
  Target target = locate(name, search_path);
  if (target.error == 0) look_at(target.path, search_path, 0, target);
  return target;
}

void look_at_loaded(std::span<const std::string_view> texts, Target& target) {
  if (!target.is_loader || target.unshimmed != Reason::none) return;
  std::vector<const char*> arguments;
  for (const std::string_view text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  const char* name = loaded_program(arguments.data());
  if (name == nullptr) return;
  const ProgramFile program = inspect_program(name);
  if (program.format != FileFormat::kElf || !program.native) return;
  if (program.is_damaged || program.is_loader) return;
  if (program.has_interpreter && !program.is_go) return;
  target.unshimmed = program.has_interpreter ? Reason::exec_own_calls : Reason::exec_static;
  target.unshimmed_file = name;
}

}  // namespace hfoffline::cli
