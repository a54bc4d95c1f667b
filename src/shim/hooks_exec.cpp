// Starting programs: the managed environment, LD_PRELOAD and the policy go along, whatever the
// caller passed.
//
// Safe between vfork and exec: no allocation, no lock. All exec functions end in next's execve,
// execvpe or fexecve.
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <wordexp.h>

#include <string_view>

#include "core/text.h"
#include "shim/argument_array.h"
#include "shim/caller_path.h"
#include "shim/exec_memory.h"
#include "shim/interpose.h"
#include "shim/judge_exec.h"
#include "shim/managed_environment.h"
#include "shim/redirect.h"
#include "shim/refusal.h"
#include "shim/undeclared.h"

using namespace hfoffline::shim;

// A name without a slash is looked for in $PATH, by libc.
#define REDIRECT_PROGRAM(program)                                   \
  if (has_redirects() && program != nullptr && is_text(program) &&  \
      hfoffline::find_byte(program, '/') != std::string_view::npos) \
  REDIRECT(program)

// What every start of a program does: judge, build the environment, go on. `call` may use `fresh`.
// `program` is the parameter that names it, which becomes a copy (caller_path.h).
#define START_WITH(program, environment, judged, failure, before, call) \
  COPY_PATH(program);                                                   \
  REDIRECT_PROGRAM(program);                                            \
  START_PROGRAM(environment, is_text(program) ? (judged) : 0, failure, before, call)
#define START_PROGRAM(environment, judged, failure, before, call) \
  if (const int error = (judged)) return failure(error);          \
  ExecEnvironment plan(environment);                              \
  EXEC_MEMORY(memory, plan.size(), kEnvironment);                 \
  if (memory == nullptr) return failure(ENOMEM);                  \
  char** fresh = plan.build(memory);                              \
  before;                                                         \
  return call
// After an exec, nobody is left to write open counts down.
#define EXEC_WITH(program, environment, judged, failure, call) \
  START_WITH(program, environment, judged, failure, flush_counts(), call)
#define SPAWN_WITH(program, environment, judged, call) \
  START_WITH(program, environment, judged, error_itself, (void)0, call)

INTERPOSE(int, execve, (const char* path, char* const arguments[], char* const environment[])) {
  EXEC_WITH(path, environment, judge_exec("execve", AT_FDCWD, path, arguments), fail,
            NEXT(execve)(path, arguments, fresh));
}

INTERPOSE(int, execv, (const char* path, char* const arguments[])) {
  EXEC_WITH(path, environ, judge_exec("execv", AT_FDCWD, path, arguments), fail,
            NEXT(execve)(path, arguments, fresh));
}

INTERPOSE(int, execvp, (const char* file, char* const arguments[])) {
  EXEC_WITH(file, environ, judge_exec_in_path("execvp", file, arguments), fail,
            NEXT(execvpe)(file, arguments, fresh));
}

INTERPOSE(int, execvpe, (const char* file, char* const arguments[], char* const environment[])) {
  EXEC_WITH(file, environment, judge_exec_in_path("execvpe", file, arguments), fail,
            NEXT(execvpe)(file, arguments, fresh));
}

INTERPOSE(int, execveat,
          (int directory, const char* path, char* const arguments[], char* const environment[],
           int flags)) {
  COPY_PATH(path);
  REDIRECT_AT(directory, path);
  const bool descriptor = names_descriptor(path, flags);
  START_PROGRAM(environment,
                !is_text(path) ? 0
                : descriptor   ? judge_exec_of_descriptor("execveat", directory, arguments)
                               : judge_exec("execveat", directory, path, arguments),
                fail, flush_counts(), NEXT(execveat)(directory, path, arguments, fresh, flags));
}

INTERPOSE(int, fexecve, (int descriptor, char* const arguments[], char* const environment[])) {
  START_PROGRAM(environment, judge_exec_of_descriptor("fexecve", descriptor, arguments), fail,
                flush_counts(), NEXT(fexecve)(descriptor, arguments, fresh));
}

INTERPOSE(int, execl, (const char* path, const char* first, ...)) {
  ARGUMENT_ARRAY(first, arguments);
  va_end(list);
  EXEC_WITH(path, environ, judge_exec("execl", AT_FDCWD, path, arguments), fail,
            NEXT(execve)(path, arguments, fresh));
}

INTERPOSE(int, execlp, (const char* file, const char* first, ...)) {
  ARGUMENT_ARRAY(first, arguments);
  va_end(list);
  EXEC_WITH(file, environ, judge_exec_in_path("execlp", file, arguments), fail,
            NEXT(execvpe)(file, arguments, fresh));
}

INTERPOSE(int, execle, (const char* path, const char* first, ...)) {
  ARGUMENT_ARRAY(first, arguments);
  char* const* environment = va_arg(list, char* const*);
  va_end(list);
  EXEC_WITH(path, environment, judge_exec("execle", AT_FDCWD, path, arguments), fail,
            NEXT(execve)(path, arguments, fresh));
}

namespace {

int error_itself(int error) { return error; }

}  // namespace

#define INTERPOSE_SPAWN(name, judged)                                                              \
  INTERPOSE(                                                                                       \
      int, name,                                                                                   \
      (int* child, const char* file, const posix_spawn_file_actions_t* actions,                    \
       const posix_spawnattr_t* attributes, char* const arguments[], char* const environment[])) { \
    SPAWN_WITH(file, environment, judged,                                                          \
               NEXT(name)(child, file, actions, attributes, arguments, fresh));                    \
  }

INTERPOSE_SPAWN(posix_spawn, judge_exec("posix_spawn", AT_FDCWD, file, arguments))
INTERPOSE_SPAWN(posix_spawnp, judge_exec_in_path("posix_spawnp", file, arguments))
// These fill in a descriptor of the child, where the others fill in its number.
INTERPOSE_SPAWN(pidfd_spawn, judge_exec("pidfd_spawn", AT_FDCWD, file, arguments))
INTERPOSE_SPAWN(pidfd_spawnp, judge_exec_in_path("pidfd_spawnp", file, arguments))

// These start the shell inside libc, with `environ`: both must be right by then.
INTERPOSE(int, system, (const char* command)) {
  if (command != nullptr) {
    constexpr int kNotExecuted = 127 << 8;  // the status of a shell that cannot be started
    if (judge_shell("system") != 0) return kNotExecuted;
    repair_environment();
  }
  return NEXT(system)(command);
}

#define INTERPOSE_POPEN(name)                                       \
  INTERPOSE(FILE*, name, (const char* command, const char* type)) { \
    if (const int error = judge_shell("popen")) {                   \
      errno = error;                                                \
      return nullptr;                                               \
    }                                                               \
    repair_environment();                                           \
    return NEXT(name)(command, type);                               \
  }

INTERPOSE_POPEN(popen)
INTERPOSE_POPEN(_IO_popen)

// The pipe of a stream that libc has made and not opened yet; what popen itself calls.
INTERPOSE(FILE*, _IO_proc_open, (FILE * stream, const char* command, const char* type)) {
  if (const int error = judge_shell("_IO_proc_open")) {
    errno = error;
    return nullptr;
  }
  repair_environment();
  return NEXT(_IO_proc_open)(stream, command, type);
}

// Words may hold commands: $(...) and `...`.
INTERPOSE(int, wordexp, (const char* words, wordexp_t* result, int flags)) {
  const std::string_view text(words == nullptr ? "" : words);
  const bool runs =
      (flags & WRDE_NOCMD) == 0 && (hfoffline::find_byte(text, '`') != std::string_view::npos ||
                                    hfoffline::find_byte(text, '$') != std::string_view::npos);
  if (runs) {
    if (judge_shell("wordexp") != 0) return WRDE_CMDSUB;
    repair_environment();
  }
  return NEXT(wordexp)(words, result, flags);
}
