// Starting programs on macOS: the managed environment, DYLD_INSERT_LIBRARIES and the policy go
// along, whatever the caller passed, as far as the system lets them.
//
// Those that take no environment of the caller's use `environ`, which is put right before: there is
// no execvpe to hand them another.
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <wordexp.h>

#include <string_view>

#include "core/sys.h"
#include "core/text.h"
#include "shim/argument_array.h"
#include "shim/darwin/undeclared.h"
#include "shim/exec_memory.h"
#include "shim/exec_target.h"
#include "shim/interpose.h"
#include "shim/judge_exec.h"
#include "shim/managed_environment.h"
#include "shim/refusal.h"
#include "shim/search_path.h"

using namespace hfoffline::shim;

INTERPOSE(int, execve, (const char* path, char* const arguments[], char* const environment[])) {
  if (const int error = judge_exec("execve", AT_FDCWD, path, arguments)) return fail(error);
  ExecEnvironment plan(environment);
  EXEC_MEMORY(memory, plan.size(), kEnvironment);
  if (memory == nullptr) return fail(ENOMEM);
  char** fresh = plan.build(memory);
  // Afterwards nobody is left to write open counts down.
  flush_counts();
  return NEXT(execve)(path, arguments, fresh);
}

INTERPOSE(int, execv, (const char* path, char* const arguments[])) {
  return hook_execve(path, arguments, environ);
}

namespace {

int before_exec_in_path(const char* operation, const char* file, char* const* arguments) {
  if (const int error = judge_exec_in_path(operation, file, arguments)) return error;
  repair_environment();
  flush_counts();
  return 0;
}

}  // namespace

INTERPOSE(int, execvp, (const char* file, char* const arguments[])) {
  if (const int error = before_exec_in_path("execvp", file, arguments)) return fail(error);
  return NEXT(execvp)(file, arguments);
}

INTERPOSE(int, execvP, (const char* file, const char* search_path, char* const arguments[])) {
  char found[MAXPATHLEN];
  if (file != nullptr && find_in_path(file, search_path, found, sizeof(found))) {
    if (const int error = judge_exec("execvP", AT_FDCWD, found, arguments)) return fail(error);
  }
  repair_environment();
  flush_counts();
  return NEXT(execvP)(file, search_path, arguments);
}

INTERPOSE(int, execl, (const char* path, const char* first, ...)) {
  ARGUMENT_ARRAY(first, arguments);
  va_end(list);
  return hook_execve(path, arguments, environ);
}

INTERPOSE(int, execlp, (const char* file, const char* first, ...)) {
  ARGUMENT_ARRAY(first, arguments);
  va_end(list);
  return hook_execvp(file, arguments);
}

INTERPOSE(int, execle, (const char* path, const char* first, ...)) {
  ARGUMENT_ARRAY(first, arguments);
  char* const* environment = va_arg(list, char* const*);
  va_end(list);
  return hook_execve(path, arguments, environment);
}

// These return their errors. POSIX_SPAWN_SETEXEC makes an exec of them.
#define INTERPOSE_SPAWN(name, judged)                                                              \
  INTERPOSE(                                                                                       \
      int, name,                                                                                   \
      (pid_t * child, const char* file, const posix_spawn_file_actions_t* actions,                 \
       const posix_spawnattr_t* attributes, char* const arguments[], char* const environment[])) { \
    if (const int error = (judged)) return error;                                                  \
    ExecEnvironment plan(environment);                                                             \
    EXEC_MEMORY(memory, plan.size(), kEnvironment);                                                \
    if (memory == nullptr) return ENOMEM;                                                          \
    char** fresh = plan.build(memory);                                                             \
    flush_counts();                                                                                \
    return NEXT(name)(child, file, actions, attributes, arguments, fresh);                         \
  }
INTERPOSE_SPAWN(posix_spawn, judge_exec("posix_spawn", AT_FDCWD, file, arguments))
INTERPOSE_SPAWN(posix_spawnp, judge_exec_in_path("posix_spawnp", file, arguments))

// These start the shell inside libSystem, with `environ`: both must be right by then.
#define INTERPOSE_SYSTEM(name)                                                     \
  INTERPOSE(int, name, (const char* command)) {                                    \
    constexpr int kNotExecuted = 127 << 8; /* of a shell that cannot be started */ \
    if (command != nullptr) {                                                      \
      if (judge_shell("system") != 0) return kNotExecuted;                         \
      repair_environment();                                                        \
    }                                                                              \
    return NEXT(name)(command);                                                    \
  }
INTERPOSE_SYSTEM(system)
INTERPOSE_SYSTEM(system$NOCANCEL)

INTERPOSE(FILE*, popen$DARWIN_EXTSN, (const char* command, const char* mode)) {
  if (const int error = judge_shell("popen")) {
    errno = error;
    return nullptr;
  }
  repair_environment();
  return NEXT(popen$DARWIN_EXTSN)(command, mode);
}

// Words may hold commands: $(...) and `...`. There, a shell reads them all.
INTERPOSE(int, wordexp, (const char* words, wordexp_t* result, int flags)) {
  if (judge_shell("wordexp") != 0) return WRDE_CMDSUB;
  repair_environment();
  return NEXT(wordexp)(words, result, flags);
}
