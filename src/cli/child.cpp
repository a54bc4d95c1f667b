#include "cli/child.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "cli/exit_codes.h"

namespace hfoffline::cli {
namespace {

// Signals that mean a mistake of this process where they come from the kernel, and those nobody can
// hold.
constexpr int kNotHeld[] = {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE,
                            SIGILL,  SIGTRAP, SIGSYS,  SIGABRT};

// The terminal's signals reach its whole process group, so the program has them already; what else
// comes from the kernel is about this process alone, except for an alarm that was set before we
// were executed.
bool is_for_the_program(const siginfo_t& info) {
  const bool from_kernel = info.si_code > 0;
  return !from_kernel || info.si_signo == SIGALRM || info.si_signo == SIGVTALRM ||
         info.si_signo == SIGPROF;
}

// A signal sent to the whole process group by kill(2) looks like one sent to us, and reaches the
// program twice.
void hand_on(pid_t child, const siginfo_t& info) {
  if (info.si_code == SI_QUEUE) {
    sigqueue(child, info.si_signo, info.si_value);
  } else {
    kill(child, info.si_signo);
  }
}

// Without one, nobody would continue us: whoever stopped the program alone will continue it alone.
bool has_controlling_terminal() {
  const int descriptor = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (descriptor >= 0) close(descriptor);
  return descriptor >= 0;
}

// The program was stopped, by the terminal or by itself. Stop as well, so that the shell sees its
// job stopped; after `fg` or SIGCONT, see to it that the program goes on too.
void stop_with(pid_t child) {
  if (!has_controlling_terminal()) return;
  kill(getpid(), SIGSTOP);
  // A second SIGCONT would run its handler twice: forget ours, and send one only to a program that
  // is still stopped.
  sigset_t continue_signal;
  sigemptyset(&continue_signal);
  sigaddset(&continue_signal, SIGCONT);
  constexpr timespec kNow = {};
  sigtimedwait(&continue_signal, nullptr, &kNow);
  siginfo_t state = {};
  const bool continued =
      waitid(P_PID, static_cast<id_t>(child), &state, WCONTINUED | WNOHANG) == 0 &&
      state.si_pid == child;
  if (!continued) kill(child, SIGCONT);
}

// True when it has ended.
bool reap(pid_t child, int* status) {
  for (;;) {
    const pid_t changed = waitpid(child, status, WNOHANG | WUNTRACED);
    if (changed < 0 && errno == EINTR) continue;
    if (changed < 0) {
      // Somebody else reaped it. That cannot be, short of a debugger; do not wait forever.
      *status = 0;
      return true;
    }
    if (changed == 0) return false;
    if (!WIFSTOPPED(*status)) return true;
    stop_with(child);
  }
}

// As a container's first process we are given every orphan: nobody else reaps those.
void reap_orphans(pid_t child) {
  siginfo_t ended;
  for (;;) {
    ended.si_pid = 0;
    if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0) return;
    if (ended.si_pid == 0 || ended.si_pid == child) return;
    waitpid(ended.si_pid, nullptr, WNOHANG);
  }
}

int wait_for(pid_t child, const sigset_t& held) {
  const bool is_first_process = getpid() == 1;
  int status = 0;
  while (!reap(child, &status)) {
    if (is_first_process) reap_orphans(child);
    siginfo_t info;
    const int signal = sigwaitinfo(&held, &info);
    if (signal < 0 || signal == SIGCHLD) continue;
    if (is_for_the_program(info)) hand_on(child, info);
  }
  return status;
}

int pending_signal(const sigset_t& held) {
  sigset_t pending;
  if (sigpending(&pending) != 0) return 0;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    // A pending signal that the parent had us ignore must be ignored still.
    struct sigaction action;
    if (sigismember(&pending, signal) == 1 && sigismember(&held, signal) == 1 &&
        sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) {
      return signal;
    }
  }
  return 0;
}

// In the child of a vfork, whose descriptors are its own.
void make_read_only(int descriptor) {
  char link[32];
  std::snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
  const off_t position = lseek(descriptor, 0, SEEK_CUR);
  const int kept = fcntl(descriptor, F_GETFL) & O_NONBLOCK;
  int again = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY | kept);
  // Who may not read it gets a descriptor that does nothing.
  if (again < 0) again = open(link, O_PATH | O_CLOEXEC);
  if (again < 0) return;
  lseek(again, position, SEEK_SET);
  dup2(again, descriptor);
  close(again);
}

}  // namespace

HeldSignals::HeldSignals() {
  sigfillset(&held_);
  for (const int signal : kNotHeld) sigdelset(&held_, signal);
  sigprocmask(SIG_BLOCK, &held_, &mask_before_);
  // Where the parent ignores SIGCHLD, ours would be reaped before we could ask how it ended.
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &action, &child_action_before_);
  // Over the limit of the size of files, the call's own EFBIG says more than being killed.
  action.sa_handler = SIG_IGN;
  sigaction(SIGXFSZ, &action, &file_size_action_before_);
}

void HeldSignals::restore_actions() const {
  sigaction(SIGCHLD, &child_action_before_, nullptr);
  sigaction(SIGXFSZ, &file_size_action_before_, nullptr);
}

HeldSignals::~HeldSignals() {
  // What arrived for a program that has ended since is of no use to anybody, nor is the SIGPIPE of
  // a summary that nobody reads: the exit code is known and must come through.
  constexpr timespec kNow = {};
  while (sigtimedwait(&held_, nullptr, &kNow) > 0) {
  }
  restore_actions();
  sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

ChildOutcome run_child(const HeldSignals& signals, const char* path, char* const* arguments,
                       char* const* environment, int inherited, const std::vector<int>& read_only) {
  ChildOutcome outcome;
  outcome.interrupted_by = pending_signal(signals.held());
  if (outcome.interrupted_by != 0) return outcome;
  // Shared with the child until it executes: vfork, since copying even a small process costs more
  // than all we do.
  volatile int start_error = 0;
  const pid_t child = vfork();
  if (child == 0) {
    signals.restore_actions();
    sigprocmask(SIG_SETMASK, &signals.mask_before(), nullptr);
    if (inherited >= 0) fcntl(inherited, F_SETFD, 0);
    for (const int descriptor : read_only) make_read_only(descriptor);
    execve(path, arguments, environment);
    start_error = errno;
    _exit(kNotFound);
  }
  if (child < 0) {
    outcome.start_error = errno;
    return outcome;
  }
  if (start_error != 0) {
    outcome.start_error = start_error;
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return outcome;
  }
  outcome.wait_status = wait_for(child, signals.held());
  return outcome;
}

int exit_code_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? kSignalBase + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace hfoffline::cli
