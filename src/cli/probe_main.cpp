// hfoffline-probe OUTSIDE_URL LOOPBACK_URL ERRNO: started by `hfoffline doctor` inside a run. A
// request to the outside must be refused at once, one to the loopback server must pass.
//
// Nothing may leave the machine if the shim is missing or broken. So, before libcurl is asked for
// anything outside: the shim must say that it is active, libc's doors must lead into it, and it
// must refuse a connection of a socket that is bound to the loopback device, with the errno that
// the run was given.
#include <arpa/inet.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "cli/exit_codes.h"
#include "hfoffline/hfoffline.h"

namespace hfoffline::cli {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

bool report(const char* step, bool ok, double milliseconds, const std::string& detail) {
  std::printf("%s\t%s\t%.3f\t%s\n", step, ok ? "ok" : "failed", milliseconds, detail.c_str());
  std::fflush(stdout);
  return ok;
}

bool check_inside() {
  if (!hfoffline_is_active()) return report("inside", false, 0, "the shim is not loaded");
  return report("inside", true, 0, hfoffline_version_or_null());
}

// The object that a call from this program would end in.
const void* object_of(void* address) {
  Dl_info info;
  return dladdr(address, &info) != 0 ? info.dli_fbase : nullptr;
}

bool check_hooks() {
  const void* shim = object_of(reinterpret_cast<void*>(&hfoffline_active));
  for (const char* name :
       {"connect", "sendto", "sendmsg", "sendmmsg", "getaddrinfo", "gethostbyname", "syscall"}) {
    void* address = dlsym(RTLD_DEFAULT, name);
    if (shim == nullptr || address == nullptr || object_of(address) != shim) {
      return report("hooks", false, 0, std::string(name) + " does not lead into the shim");
    }
  }
  return report("hooks", true, 0, "connect, send* and name lookups lead into the shim");
}

// To an address that is reserved for documentation, from a socket that can only use the loopback
// device and does not wait: whatever happens, no packet leaves.
bool check_connect(int expected) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  ifreq device = {};
  std::strcpy(device.ifr_name, "lo");
  if (descriptor < 0 ||
      setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, &device, sizeof(device)) != 0) {
    return report("connect", false, 0,
                  std::string("no socket bound to the loopback device: ") + std::strerror(errno));
  }
  sockaddr_in target = {};
  target.sin_family = AF_INET;
  target.sin_port = htons(443);
  target.sin_addr.s_addr = inet_addr("192.0.2.1");
  const std::uint64_t before = hfoffline_refusals(HFOFFLINE_EGRESS);
  const auto start = Clock::now();
  const int result = connect(descriptor, reinterpret_cast<sockaddr*>(&target), sizeof(target));
  const int error = result == 0 ? 0 : errno;
  const double time = milliseconds_since(start);
  close(descriptor);
  const bool counted = hfoffline_refusals(HFOFFLINE_EGRESS) == before + 1;
  const std::string answer = error == 0 ? "it was let through" : std::strerror(error);
  if (error != expected || !counted)
    return report("connect", false, time, "192.0.2.1:443 was not refused: " + answer);
  return report("connect", true, time, "192.0.2.1:443: " + answer);
}

std::size_t keep(char* data, std::size_t size, std::size_t count, void* text) {
  auto& body = *static_cast<std::string*>(text);
  if (body.size() < 4096) body.append(data, size * count);
  return size * count;
}

struct Answer {
  CURLcode code = CURLE_OK;
  double milliseconds = 0;
  std::string error;
  std::string body;
};

Answer request(const char* url) {
  Answer answer;
  CURL* curl = curl_easy_init();
  if (curl == nullptr) {
    answer.code = CURLE_FAILED_INIT;
    return answer;
  }
  char error[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 10000L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  const auto start = Clock::now();
  answer.code = curl_easy_perform(curl);
  answer.milliseconds = milliseconds_since(start);
  answer.error = error[0] != '\0' ? error : curl_easy_strerror(answer.code);
  curl_easy_cleanup(curl);
  return answer;
}

// What a client makes of it is not our business; that it gives up at once is.
constexpr double kAtOnce = 1000;

bool check_outside(const char* url) {
  const Answer answer = request(url);
  if (answer.code == CURLE_OK)
    return report("outside", false, answer.milliseconds, std::string(url) + " was answered");
  const bool refused =
      answer.code == CURLE_COULDNT_RESOLVE_HOST || answer.code == CURLE_COULDNT_CONNECT;
  return report("outside", refused && answer.milliseconds < kAtOnce, answer.milliseconds,
                answer.error);
}

bool check_loopback(const char* url) {
  const Answer answer = request(url);
  if (answer.code != CURLE_OK) return report("loopback", false, answer.milliseconds, answer.error);
  return report("loopback", true, answer.milliseconds, answer.body);
}

int probe(const char* outside, const char* loopback, int expected) {
  if (!check_inside() || !check_hooks() || !check_connect(expected)) return kCheckFailed;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  const bool refused = check_outside(outside);
  const bool reached = check_loopback(loopback);
  curl_global_cleanup();
  return refused && reached ? kSuccess : kCheckFailed;
}

}  // namespace
}  // namespace hfoffline::cli

int main(int count, char** texts) {
  if (count != 4) {
    std::fputs("use `hfoffline doctor`\n", stderr);
    return hfoffline::cli::kWrongUse;
  }
  return hfoffline::cli::probe(texts[1], texts[2], std::atoi(texts[3]));
}
