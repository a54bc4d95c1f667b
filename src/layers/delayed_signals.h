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
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&signals, signal);
    sigprocmask(SIG_BLOCK, &signals, &before_);
  }
  ~DelayedSignals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  DelayedSignals(const DelayedSignals&) = delete;
  DelayedSignals& operator=(const DelayedSignals&) = delete;

 private:
  sigset_t before_;
};

}  // namespace hfoffline::layers
