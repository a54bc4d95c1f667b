// Starts the program of a run and waits for it, as if nobody stood in between: same process group
// and terminal, stops and continues with it, and hands on the signals it is sent.
#pragma once

#include <csignal>
#include <string>
#include <vector>

namespace hfoffline::cli {

struct ChildOutcome {
  int start_error = 0;  // errno of vfork or execve; then nothing was run
  int wait_status = 0;  // as waitpid(2) gives it
  int interrupted_by =
      0;  // a signal that came before the program was started; then nothing was run
};

// Signals wait from the constructor to the destructor, so that none that ought to reach the
// program, or ought to let us clean up, ends this process. Not for threads.
class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  const sigset_t& held() const { return held_; }
  const sigset_t& mask_before() const { return mask_before_; }
  // As the parent gave it to us; async-signal-safe.
  void restore_actions() const;

 private:
  sigset_t held_;
  sigset_t mask_before_;
  struct sigaction child_action_before_;
  struct sigaction file_size_action_before_;
};

// `arguments` and `environment` are NULL-terminated. The descriptor `inherited` (-1: none) loses
// its close-on-exec mark in the program, and the files of those in `read_only` can only be read
// there. Blocks until the program has ended.
ChildOutcome run_child(const HeldSignals& signals, const char* path, char* const* arguments,
                       char* const* environment, int inherited, const std::vector<int>& read_only);

// The shell's way to say it: the exit code, or 128 + the signal.
int exit_code_of(int wait_status);

}  // namespace hfoffline::cli
