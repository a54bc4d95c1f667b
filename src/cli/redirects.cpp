#include "cli/redirects.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "cli/message.h"
#include "cli/string_tools.h"
#include "core/config.h"
#include "core/path.h"

namespace hfoffline::cli {
namespace {

bool write_file(const char* path, const std::string& text) {
  const int descriptor = open(path, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool written =
      write(descriptor, text.data(), text.size()) == static_cast<long>(text.size());
  close(descriptor);
  return written;
}

// A mount namespace; who may not make one alone makes it in a user namespace in which nobody is
// somebody else.
bool enter_namespaces(std::string* problem) {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (unshare(CLONE_NEWNS) != 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
      *problem = cat("[cache] redirect needs a mount namespace, which cannot be made here: ",
                     std::strerror(errno),
                     "\n  nothing was run; --redirect-way in-process needs none, and clients that "
                     "have variables "
                     "(presets, [env] set) need no redirect");
      return false;
    }
    write_file("/proc/self/setgroups", "deny");
    if (!write_file("/proc/self/uid_map", cat(user, " ", user, " 1\n")) ||
        !write_file("/proc/self/gid_map", cat(group, " ", group, " 1\n"))) {
      *problem = cat("[cache] redirect: this user cannot be mapped into a user namespace: ",
                     std::strerror(errno));
      return false;
    }
  }
  // What is mounted here must not be seen outside.
  if (::mount("none", "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
    *problem = cat("[cache] redirect: mounts cannot be made private: ", std::strerror(errno));
    return false;
  }
  return true;
}

// The flags that a mount has and that may not be dropped in a user namespace.
unsigned long flags_of(const std::string& path) {
  struct statvfs status;
  if (statvfs(path.c_str(), &status) != 0) return 0;
  unsigned long flags = 0;
  if ((status.f_flag & ST_NOSUID) != 0) flags |= MS_NOSUID;
  if ((status.f_flag & ST_NODEV) != 0) flags |= MS_NODEV;
  if ((status.f_flag & ST_NOEXEC) != 0) flags |= MS_NOEXEC;
  if ((status.f_flag & ST_NOATIME) != 0) flags |= MS_NOATIME;
  if ((status.f_flag & ST_NODIRATIME) != 0) flags |= MS_NODIRATIME;
  if ((status.f_flag & ST_RELATIME) != 0) flags |= MS_RELATIME;
  return flags;
}

// With everything that is mounted below it where the kernel can (Linux 5.12), else itself alone.
bool make_read_only(const std::string& path) {
  constexpr long kMountSetAttributes = 442;  // mount_setattr
  constexpr unsigned kRecursive = 0x8000;    // AT_RECURSIVE
  struct {
    std::uint64_t set, clear, propagation, user_namespace;
  } attributes = {1 /* MOUNT_ATTR_RDONLY */, 0, 0, 0};
  if (syscall(kMountSetAttributes, AT_FDCWD, path.c_str(), kRecursive, &attributes,
              sizeof(attributes)) == 0) {
    return true;
  }
  const unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY | flags_of(path);
  return ::mount("none", path.c_str(), nullptr, flags, nullptr) == 0;
}

}  // namespace

RedirectWay choose_redirect_way(std::string_view setting) {
  if (setting == "mount") return RedirectWay::kMount;
  if (setting == "in-process") return RedirectWay::kInProcess;
  const pid_t child = fork();
  if (child == 0) {
    std::string problem;
    _exit(enter_namespaces(&problem) ? 0 : 1);
  }
  int status = 1;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return status == 0 ? RedirectWay::kMount : RedirectWay::kInProcess;
}

std::string_view redirect_way_name(RedirectWay way) {
  return way == RedirectWay::kMount ? "mount" : "in-process";
}

bool Redirects::add(std::string_view text, const char* home, std::string* problem) {
  Redirect redirect;
  parse_redirect(text, &redirect);  // checked with the settings
  Pair pair;
  pair.to = redirect.to;
  pair.from = redirect.from;
  if (redirect.from.starts_with("~/")) {
    if (home == nullptr || home[0] != '/') {
      *problem = cat("[cache] redirect: ", printable(pair.from),
                     " cannot be told: HOME names no directory");
      return false;
    }
    pair.from = cat(home, redirect.from.substr(1));
  }
  while (pair.from.size() > 1 && pair.from.ends_with('/')) pair.from.pop_back();
  struct stat status;
  if (stat(pair.to.c_str(), &status) != 0 ||
      (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode))) {
    *problem = cat("[cache] redirect: ", printable(pair.to),
                   " is not there, or is neither a directory nor a file");
    return false;
  }
  pairs_.push_back(std::move(pair));
  return true;
}

bool Redirects::make_place(const Pair& pair, std::string* problem) {
  struct stat to;
  struct stat from;
  if (stat(pair.to.c_str(), &to) != 0) return false;
  for (std::size_t end = pair.from.find('/', 1); end != std::string::npos;
       end = pair.from.find('/', end + 1)) {
    const std::string directory = pair.from.substr(0, end);
    if (mkdir(directory.c_str(), 0755) == 0) made_.push_back(directory);
  }
  if (stat(pair.from.c_str(), &from) != 0) {
    int made = S_ISDIR(to.st_mode)
                   ? mkdir(pair.from.c_str(), 0755)
                   : open(pair.from.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (made < 0) {
      *problem = cat("[cache] redirect: there is no ", printable(pair.from),
                     ", and it cannot be made: ", std::strerror(errno));
      return false;
    }
    if (made > 0) close(made);
    made_.push_back(pair.from);
  } else if (S_ISDIR(from.st_mode) != S_ISDIR(to.st_mode)) {
    *problem = cat("[cache] redirect: ", printable(pair.from), " and ", printable(pair.to),
                   " are not of one kind: a directory leads to a directory, a file to a file");
    return false;
  }
  return true;
}

void Redirects::make_places() {
  std::string ignored;
  for (const Pair& pair : pairs_) make_place(pair, &ignored);
}

bool Redirects::mount_one(const Pair& pair, int target, std::string* problem) {
  const std::string source = cat("/proc/self/fd/", target);
  const char* at = pair.from.c_str();
  bool done = ::mount(source.c_str(), at, nullptr, MS_BIND | MS_REC, nullptr) == 0;
  if (done) {
    mounted_.push_back(pair.from);
    done = make_read_only(pair.from);
  }
  if (!done) {
    *problem = cat("[cache] redirect: ", printable(pair.to), " cannot be mounted on ",
                   printable(pair.from), ": ", std::strerror(errno));
  }
  return done;
}

bool Redirects::mount(std::string* problem) {
  if (pairs_.empty()) return true;
  char directory[PATH_MAX];
  const bool has_directory = getcwd(directory, sizeof(directory)) != nullptr;
  // All are opened first: one may lie below the place of another. As files of the namespace, which
  // alone can be mounted there.
  bool done = true;
  for (const Pair& pair : pairs_) done = done && make_place(pair, problem);
  done = done && enter_namespaces(problem);
  std::vector<int> targets;
  for (const Pair& pair : pairs_) {
    if (done) targets.push_back(open(pair.to.c_str(), O_PATH | O_CLOEXEC));
  }
  for (std::size_t i = 0; i < targets.size(); ++i)
    done = done && mount_one(pairs_[i], targets[i], problem);
  for (const int target : targets) {
    if (target >= 0) close(target);
  }
  // What was the working directory may lie below a mount now: as a shell would find it.
  if (done && has_directory && chdir(directory) != 0) {
    *problem = cat("[cache] redirect hides the working directory, ", printable(directory));
    done = false;
  }
  if (!done) undo();
  return done;
}

void Redirects::undo() {
  for (; !mounted_.empty(); mounted_.pop_back()) umount2(mounted_.back().c_str(), MNT_DETACH);
  for (; !made_.empty(); made_.pop_back()) {
    if (rmdir(made_.back().c_str()) != 0 && errno == ENOTDIR) unlink(made_.back().c_str());
  }
}

}  // namespace hfoffline::cli
