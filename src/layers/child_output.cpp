#include "layers/child_output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

namespace hfoffline::layers {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  int read_end = -1;
  int write_end = -1;

  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(read_end);
    close_end(write_end);
  }
  bool open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
  static void close_end(int& end) {
    if (end >= 0) close(end);
    end = -1;
  }
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

// Reads both outputs to their ends and feeds the input. False at the limit, or where that is
// enough.
bool exchange(Pipe& input, Pipe& out, Pipe& diagnostics, const ChildCommand& command,
              ChildOutput& result) {
  std::string_view to_write = command.input;
  const Clock::time_point until = Clock::now() + command.limit;
  fcntl(input.write_end, F_SETFL, O_NONBLOCK);
  while (out.read_end >= 0 || diagnostics.read_end >= 0) {
    if (to_write.empty()) Pipe::close_end(input.write_end);
    std::array<pollfd, 3> waiting = {{{out.read_end, POLLIN, 0},
                                      {diagnostics.read_end, POLLIN, 0},
                                      {input.write_end, POLLOUT, 0}}};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0) return false;
    const int ready = poll(waiting.data(), waiting.size(), static_cast<int>(left.count()) + 1);
    if (ready < 0 && errno != EINTR) return false;
    if (ready <= 0) continue;
    if (waiting[2].revents != 0) {
      const ssize_t count = write(input.write_end, to_write.data(), to_write.size());
      if (count > 0) to_write.remove_prefix(static_cast<std::size_t>(count));
      // Whoever closed its stdin does not want the rest.
      if (count < 0 && errno != EAGAIN && errno != EINTR) to_write = {};
    }
    const auto take = [&](const pollfd& state, int& end, std::string& text) {
      if (state.revents == 0) return;
      std::array<char, 65536> buffer;
      const ssize_t count = read(end, buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) return;
      if (count <= 0) {
        Pipe::close_end(end);
        return;
      }
      if (command.pass_on &&
          write(STDERR_FILENO, buffer.data(), static_cast<std::size_t>(count)) < 0) {
        // Nobody listens; what was said is kept all the same.
      }
      const std::size_t room = kMaximumOutputBytes - std::min(text.size(), kMaximumOutputBytes);
      text.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
    };
    take(waiting[0], out.read_end, result.out);
    take(waiting[1], diagnostics.read_end, result.diagnostics);
    if (command.enough && command.enough(result.out, result.diagnostics)) {
      result.stopped = true;
      return false;
    }
  }
  return true;
}

// The launcher hands a SIGTERM on to what it runs, and cleans up after it. It is given a moment for
// that.
void end_group(pid_t child) {
  kill(child, SIGTERM);
  for (int i = 0; i < 30; ++i) {
    siginfo_t state = {};
    if (waitid(P_PID, static_cast<id_t>(child), &state, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        state.si_pid == child) {
      break;
    }
    usleep(100'000);
  }
  kill(-child, SIGKILL);
}

// The child's ends of the pipes.
struct ChildEnds {
  int input;
  int out;
  int diagnostics;
  int failure;
};

// In the child. Where it cannot be started, the errno goes into `failure`.
[[noreturn]] void become(const ChildCommand& command, const ChildEnds& ends, pid_t parent,
                         char* const* arguments, char* const* environment) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, command.dies_with_us ? SIGKILL : SIGTERM);
  if (getppid() != parent) _exit(126);  // gone already
  // What this process ignores or holds back is not the program's business.
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(ends.input, STDIN_FILENO);
  dup2(ends.out, STDOUT_FILENO);
  dup2(ends.diagnostics, STDERR_FILENO);
  if (command.directory.empty() || chdir(command.directory.c_str()) == 0)
    execve(command.program.c_str(), arguments, environment);
  const int error = errno;
  const ssize_t written = write(ends.failure, &error, sizeof(error));
  _exit(written == sizeof(error) ? 127 : 126);
}

}  // namespace

ChildOutput run_child(const ChildCommand& command) {
  ChildOutput result;
  Pipe input;
  Pipe out;
  Pipe diagnostics;
  Pipe failure;
  if (!input.open() || !out.open() || !diagnostics.open() || !failure.open()) {
    result.error = errno;
    return result;
  }
  const std::vector<char*> arguments = pointers(command.arguments);
  const std::vector<char*> environment = pointers(command.environment);
  const ChildEnds ends = {input.read_end, out.write_end, diagnostics.write_end, failure.write_end};
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) {
    result.error = errno;
    return result;
  }
  if (child == 0) become(command, ends, parent, arguments.data(), environment.data());
  setpgid(child, child);
  Pipe::close_end(input.read_end);
  Pipe::close_end(out.write_end);
  Pipe::close_end(diagnostics.write_end);
  Pipe::close_end(failure.write_end);
  int error = 0;
  const bool failed = read(failure.read_end, &error, sizeof(error)) == sizeof(error);
  struct sigaction before;
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  const bool ended = failed || exchange(input, out, diagnostics, command, result);
  sigaction(SIGPIPE, &before, nullptr);
  if (!ended) {
    end_group(child);
    if (!result.stopped) error = ETIMEDOUT;
  }
  while (waitpid(child, &result.wait_status, 0) < 0 && errno == EINTR) {
  }
  result.error = error;
  return result;
}

std::string describe_end(const ChildOutput& output) {
  if (output.error == ETIMEDOUT) return "no end in time";
  if (output.error != 0) return std::strerror(output.error);
  if (WIFSIGNALED(output.wait_status))
    return "signal " + std::to_string(WTERMSIG(output.wait_status));
  return "exit code " + std::to_string(WEXITSTATUS(output.wait_status));
}

std::vector<std::string> environment_without(const std::vector<std::string>& without) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    if (std::find(without.begin(), without.end(), name) == without.end()) result.emplace_back(text);
  }
  return result;
}

}  // namespace hfoffline::layers
