// A check that is interrupted leaves nothing behind.
#pragma once

#include <csignal>

namespace hfoffline::layers {

// Signals that end a program wait from the constructor to the destructor. Not for threads.
class DelayedSignals {
 public:
  DelayedSignals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : kSignals) sigaddset(&signals, signal);
    sigprocmask(SIG_BLOCK, &signals, &before_);
  }
  // Whether one waits: what takes long should come to its end.
  static bool is_pending() {
    sigset_t signals;
    sigpending(&signals);
    for (const int signal : kSignals) {
      if (sigismember(&signals, signal) == 1) return true;
    }
    return false;
  }
  ~DelayedSignals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  DelayedSignals(const DelayedSignals&) = delete;
  DelayedSignals& operator=(const DelayedSignals&) = delete;

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  sigset_t before_;
};

}  // namespace hfoffline::layers
