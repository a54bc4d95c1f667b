#include "cli/live_probe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "cli/child.h"
#include "cli/exit_codes.h"
#include "cli/helper_program.h"
#include "cli/string_tools.h"

namespace hfoffline::cli {
namespace {

constexpr char kOutsideUrl[] = "https://huggingface.co/api/models";
// An errno that the kernel does not give a connection over the loopback device on its own: only the
// shim says it here.
constexpr char kErrnoName[] = "ECONNREFUSED";
constexpr int kErrno = ECONNREFUSED;
constexpr std::chrono::seconds kPatience(30);

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void reset(int number = -1) {
    if (number_ >= 0) close(number_);
    number_ = number;
  }
  int get() const { return number_; }

 private:
  int number_;
};

std::string make_page() {
  unsigned char random[8] = {};
  if (getrandom(random, sizeof(random), 0) != sizeof(random))
    random[0] = static_cast<unsigned char>(getpid());
  std::string text = "hfoffline-";
  for (const unsigned char byte : random) append(&text, absl::Hex(byte, absl::kZeroPad2));
  return text;
}

// Listens on a free port of 127.0.0.1; returns the port, 0 (errno set) if that fails.
int listen_on_loopback(Descriptor& listener) {
  listener.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (listener.get() < 0 || bind(listener.get(), generic, size) != 0 ||
      listen(listener.get(), 8) != 0 || getsockname(listener.get(), generic, &size) != 0) {
    return 0;
  }
  return ntohs(address.sin_port);
}

// One request, one answer. The client is our own probe: what it sends does not matter.
void serve(int listener, const std::string& page) {
  const Descriptor client(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (client.get() < 0) return;
  timeval patience = {.tv_sec = 5, .tv_usec = 0};
  setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  char request[4096];
  if (recv(client.get(), request, sizeof(request), 0) <= 0) return;
  const std::string answer =
      cat("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ", page.size(),
          "\r\nConnection: close\r\n\r\n", page);
  send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
}

// Our own settings must not reach the probe's run: an allow-list or audit mode would let its
// request out.
std::vector<char*> environment_without_settings(const char* const* environment) {
  std::vector<char*> result;
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    if (entry.starts_with("HFOFFLINE_") && !entry.starts_with("HFOFFLINE_SHIM=")) continue;
    result.push_back(const_cast<char*>(*environment));
  }
  result.push_back(nullptr);
  return result;
}

// Whether anything was read; an end closes the descriptor.
void take(Descriptor& from, std::string& text) {
  char chunk[4096];
  const ssize_t count = read(from.get(), chunk, sizeof(chunk));
  if (count > 0) {
    text.append(chunk, static_cast<std::size_t>(count));
  } else if (count == 0 || errno != EINTR) {
    from.reset();
  }
}

void attend(const Descriptor& listener, Descriptor& output, Descriptor& messages, pid_t child,
            LiveProbe& probe, std::string& report) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (output.get() >= 0 || messages.get() >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      kill(child, SIGKILL);
      probe.problem = "it did not end within 30 seconds";
      return;
    }
    pollfd waiting[] = {
        {output.get(), POLLIN, 0}, {messages.get(), POLLIN, 0}, {listener.get(), POLLIN, 0}};
    if (poll(waiting, 3, static_cast<int>(left.count())) < 0 && errno != EINTR) return;
    if (waiting[0].revents != 0) take(output, report);
    if (waiting[1].revents != 0) take(messages, probe.messages);
    if (waiting[2].revents != 0) serve(listener.get(), probe.page);
  }
}

}  // namespace

LiveProbe run_live_probe(const Context& context) {
  LiveProbe probe;
  probe.page = make_page();
  std::string helper = find_helper("hfoffline-probe");
  Descriptor listener;
  const int port = listen_on_loopback(listener);
  int output_ends[2];
  int message_ends[2];
  if (helper.empty()) {
    probe.problem = "the helper program is missing";
  } else if (port == 0) {
    probe.problem = cat("no server on 127.0.0.1: ", std::strerror(errno));
  } else if (pipe2(output_ends, O_CLOEXEC) != 0 || pipe2(message_ends, O_CLOEXEC) != 0) {
    probe.problem = cat("no pipe: ", std::strerror(errno));
  }
  if (!probe.problem.empty()) return probe;

  std::string loopback = cat("http://127.0.0.1:", port, "/");
  std::string number = cat(kErrno);
  // --config /dev/null: no file, whatever lies in the working directory.
  std::vector<std::string> texts = {"hfoffline", "run",       "--quiet", "--config", "/dev/null",
                                    "--mode",    "refuse",    "--errno", kErrnoName, "--",
                                    helper,      kOutsideUrl, loopback,  number};
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  std::vector<char*> environment = environment_without_settings(context.environment);

  const pid_t child = fork();
  if (child == 0) {
    dup2(output_ends[1], STDOUT_FILENO);
    dup2(message_ends[1], STDERR_FILENO);
    execve("/proc/self/exe", pointers.data(), environment.data());
    _exit(kNotFound);
  }
  close(output_ends[1]);
  close(message_ends[1]);
  Descriptor output(output_ends[0]);
  Descriptor messages(message_ends[0]);
  if (child < 0) {
    probe.problem = cat("no process: ", std::strerror(errno));
    return probe;
  }
  std::string report;
  attend(listener, output, messages, child, probe, report);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  probe.exit_code = exit_code_of(status);
  probe.steps = parse_probe_report(report);
  return probe;
}

}  // namespace hfoffline::cli
