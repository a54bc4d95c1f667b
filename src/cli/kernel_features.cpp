#include "cli/kernel_features.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/string_tools.h"
#include "core/settings.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

namespace hfoffline::cli {
namespace {

Feature from_errno(int error, std::string_view detail = "") {
  if (error == 0) return {true, std::string(detail)};
  return {false, error == ENOSYS ? "the kernel does not have it" : std::strerror(error)};
}

}  // namespace

Feature user_namespaces() {
  const pid_t child = fork();
  if (child == 0) _exit(unshare(CLONE_NEWUSER) == 0 ? 0 : errno);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
    return {false, "cannot be tried"};
  return from_errno(WEXITSTATUS(status));
}

Feature seccomp_notification() {
  const std::uint32_t action = SECCOMP_RET_USER_NOTIF;
  const long result = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
  return from_errno(result == 0 ? 0 : errno);
}

Feature landlock() {
  constexpr int kAskForVersion = 1;
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskForVersion);
  return version > 0 ? from_errno(0, cat("version ", version))
                     : from_errno(version < 0 ? errno : ENOSYS);
}

Feature openat2_call() {
  open_how how = {};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  const long descriptor = syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));
  if (descriptor < 0) return from_errno(errno);
  close(static_cast<int>(descriptor));
  return from_errno(0);
}

Feature faccessat2_call() {
  const long result = syscall(SYS_faccessat2, AT_FDCWD, "/", F_OK, 0);
  return from_errno(result == 0 ? 0 : errno);
}

Feature loopback_device() {
  const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return from_errno(errno);
  ifreq device = {};
  std::strcpy(device.ifr_name, "lo");
  const int error = ioctl(descriptor, SIOCGIFFLAGS, &device) == 0 ? 0 : errno;
  close(descriptor);
  if (error != 0) return from_errno(error);
  return {(device.ifr_flags & IFF_UP) != 0, "it is down"};
}

std::string read_small_file(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return "";
  char text[4096];
  const ssize_t size = read(descriptor, text, sizeof(text));
  close(descriptor);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

std::string container_kind(const char* const* environment) {
  if (access("/.dockerenv", F_OK) == 0) return "docker";
  if (access("/run/.containerenv", F_OK) == 0) return "podman";
  if (find_in_environment(environment, "KUBERNETES_SERVICE_HOST") != nullptr) return "kubernetes";
  if (const char* named = find_in_environment(environment, "container")) return named;
  const std::string groups = read_small_file("/proc/1/cgroup");
  for (const char* word : {"docker", "kubepods", "lxc", "libpod"}) {
    if (groups.find(word) != groups.npos) return word;
  }
  return read_small_file("/proc/version").find("microsoft") != std::string::npos ? "wsl" : "";
}

}  // namespace hfoffline::cli
