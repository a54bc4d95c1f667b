#include "layers/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <string_view>

#include "absl/status/status.h"
#include "cli/string_tools.h"

namespace hfoffline::layers {
namespace {

using cli::cat;

constexpr std::size_t kMaximumMessages = 64 << 10;

// Both ends of a pipe, closed at the end.
struct Pipe {
  int ends[2] = {-1, -1};

  bool open() { return pipe2(ends, O_CLOEXEC) == 0; }
  void close_end(int end) {
    if (ends[end] >= 0) close(ends[end]);
    ends[end] = -1;
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

long now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec;
}

// A program that ends without reading all must not end us.
class IgnoredPipeSignal {
 public:
  IgnoredPipeSignal() {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, &before_);
  }
  ~IgnoredPipeSignal() { sigaction(SIGPIPE, &before_, nullptr); }

 private:
  struct sigaction before_;
};

// Waits for it; if it is late, asks it to end (the launcher hands that on to what it runs), and
// makes it after a while.
void end_program(pid_t pid, bool late, int* wait_status) {
  if (late) kill(pid, SIGTERM);
  constexpr int kTenths = 50;
  for (int i = 0; late && i < kTenths; ++i) {
    if (waitpid(pid, wait_status, WNOHANG) == pid) return;
    poll(nullptr, 0, 100);
  }
  if (late) kill(pid, SIGKILL);
  while (waitpid(pid, wait_status, 0) < 0 && errno == EINTR) {
  }
}

// Reads once; at the end, closes.
void read_some(Pipe& pipe, std::string& text, std::size_t maximum) {
  char chunk[65536];
  const ssize_t count = read(pipe.ends[0], chunk, sizeof(chunk));
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) {
    pipe.close_end(0);
  } else if (text.size() < maximum) {
    text.append(chunk, static_cast<std::size_t>(count));
  }
}

}  // namespace

absl::StatusOr<ProgramResult> run_program(const std::vector<std::string>& arguments,
                                          const std::vector<std::string>& environment,
                                          const std::string& input, int seconds) {
  const IgnoredPipeSignal ignored;
  Pipe in;
  Pipe out;
  Pipe messages;
  if (!in.open() || !out.open() || !messages.open())
    return absl::InternalError(cat("no pipe can be made: ", std::strerror(errno)));
  fcntl(in.ends[1], F_SETFL, O_NONBLOCK);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.ends[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, messages.ends[1], STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t pipe_signal;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, arguments[0].c_str(), &actions, &attributes,
                                pointers(arguments).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0)
    return absl::InternalError(cat(arguments[0], " cannot be started: ", std::strerror(error)));
  in.close_end(0);
  out.close_end(1);
  messages.close_end(1);

  ProgramResult result;
  std::string_view rest = input;
  const long deadline = now() + seconds;
  bool late = false;
  while (out.ends[0] >= 0 || messages.ends[0] >= 0) {
    if (rest.empty()) in.close_end(1);
    pollfd polled[] = {
        {out.ends[0], POLLIN, 0}, {messages.ends[0], POLLIN, 0}, {in.ends[1], POLLOUT, 0}};
    const int ready = poll(polled, 3, 1000);
    if (now() >= deadline) {
      late = true;
      break;
    }
    if (ready <= 0) continue;
    if (polled[0].revents != 0) read_some(out, result.output, std::string::npos);
    if (polled[1].revents != 0) read_some(messages, result.messages, kMaximumMessages);
    if (polled[2].revents != 0) {
      const ssize_t count = write(in.ends[1], rest.data(), rest.size());
      if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
      if (count < 0 && errno != EAGAIN && errno != EINTR) rest = {};
    }
  }
  end_program(pid, late, &result.wait_status);
  if (late) {
    return absl::DeadlineExceededError(
        cat(arguments[0], " did not end within ", seconds, " seconds"));
  }
  return result;
}

}  // namespace hfoffline::layers
