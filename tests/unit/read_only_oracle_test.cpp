// Asks the kernel what a read-only bind mount answers to open(2), for every combination of flags
// and kinds of targets, as root and as a user without rights, and compares it with
// core/read_only.h. Ends with 77 ("skipped") where no mount may be made.
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/errnos.h"
#include "core/read_only.h"

using namespace hfoffline;

namespace {

constexpr int kSkipped = 77;
constexpr uid_t kNobody = 65534;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s: errno %d\n", what, errno);
  std::exit(1);
}

void write_text(const std::string& path, const std::string& text, mode_t mode) {
  std::ofstream(path) << text;
  require(chmod(path.c_str(), mode) == 0, path.c_str());
}

const std::vector<std::string> kTargets = {
    "file",     "file/",       "denied",       "secret", "directory", "directory/",
    ".",        "directory/.", "directory/..", "link",   "link/",     "dirlink",
    "dirlink/", "dangling",    "dangling/",    "lost",   "loop",      "fifo",
    "device",   "missing",     "missing/",     "gone/x", "gone/x/",   "closed/x"};

void make_tree(const std::string& tree) {
  for (const auto& entry : std::filesystem::directory_iterator(tree))
    std::filesystem::remove_all(entry.path());
  std::filesystem::create_directory(tree + "/directory");
  std::filesystem::create_directory(tree + "/closed");
  require(chmod(tree.c_str(), 0777) == 0, "chmod");
  require(chmod((tree + "/directory").c_str(), 0777) == 0, "chmod");
  write_text(tree + "/file", "abc", 0666);
  write_text(tree + "/denied", "abc", 0444);
  write_text(tree + "/secret", "abc", 0);
  write_text(tree + "/closed/x", "abc", 0666);
  require(chmod((tree + "/closed").c_str(), 0700) == 0, "chmod");
  std::filesystem::create_symlink("file", tree + "/link");
  std::filesystem::create_symlink("directory", tree + "/dirlink");
  std::filesystem::create_symlink("nothing", tree + "/dangling");
  std::filesystem::create_symlink("gone/x", tree + "/lost");
  std::filesystem::create_symlink("loop", tree + "/loop");
  require(mkfifo((tree + "/fifo").c_str(), 0666) == 0, "mkfifo");
  // Only root of the whole machine may make devices.
  if (mknod((tree + "/device").c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0)
    require(chmod((tree + "/device").c_str(), 0666) == 0, "chmod");
}

int access_of(int flags) {
  switch (flags & O_ACCMODE) {
    case O_RDONLY:
      return (flags & O_TRUNC) != 0 ? R_OK | W_OK : R_OK;
    case O_WRONLY:
      return W_OK;
    default:
      return R_OK | W_OK;
  }
}

// What is at a path of the tree, looked up without any of the code under test.
TargetFacts facts_of(std::string path, int flags) {
  TargetFacts facts;
  const bool exclusive = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
  while (path.back() == '/') {
    path.pop_back();
    facts.trailing_slash = true;
  }
  const bool follow = ((flags & O_NOFOLLOW) == 0 && !exclusive) || facts.trailing_slash;
  struct stat status = {};
  for (int links = 0;; ++links) {
    facts.lookup_error = lstat(path.c_str(), &status) == 0 ? 0 : errno;
    if (facts.lookup_error != 0 || !S_ISLNK(status.st_mode) || !follow) break;
    if (links == 40) {
      facts.lookup_error = ELOOP;
      break;
    }
    path = std::filesystem::path(path).parent_path() / std::filesystem::read_symlink(path);
  }
  std::error_code unseen;
  facts.parent_exists = std::filesystem::exists(std::filesystem::path(path).parent_path(), unseen);
  if (facts.lookup_error != 0) return facts;
  facts.mode = status.st_mode;
  if (facts.trailing_slash && !S_ISDIR(status.st_mode)) facts.lookup_error = ENOTDIR;
  if (faccessat(AT_FDCWD, path.c_str(), access_of(flags), AT_EACCESS) != 0 && errno != EROFS)
    facts.write_error = errno;
  return facts;
}

// Before Linux 6.4 the two flags together were no error; read_only.h answers as later kernels do.
bool kernel_takes_directory_for_create() {
  struct utsname name = {};
  int major = 0;
  int minor = 0;
  require(uname(&name) == 0 && std::sscanf(name.release, "%d.%d", &major, &minor) == 2, "uname");
  return major < 6 || (major == 6 && minor < 4);
}

// Opens, and says with which errno it failed.
int error_of_open(const std::string& path, int flags) {
  const int descriptor = open(path.c_str(), flags | O_NONBLOCK | O_CLOEXEC, 0600);
  if (descriptor < 0) return errno;
  close(descriptor);
  return 0;
}

std::string name_of(int error) {
  if (error == 0) return "success";
  const std::string_view name = errno_name(error);
  return name.empty() ? "errno " + std::to_string(error) : std::string(name);
}

std::string name_of_flags(int flags) {
  std::string text = "access mode " + std::to_string(flags & O_ACCMODE);
  if ((flags & O_CREAT) != 0) text += " O_CREAT";
  if ((flags & O_EXCL) != 0) text += " O_EXCL";
  if ((flags & O_TRUNC) != 0) text += " O_TRUNC";
  if ((flags & O_DIRECTORY) != 0) text += " O_DIRECTORY";
  if ((flags & O_NOFOLLOW) != 0) text += " O_NOFOLLOW";
  if ((flags & (O_TMPFILE & ~O_DIRECTORY)) != 0) text += " O_TMPFILE";
  return text;
}

std::vector<int> all_flags() {
  std::vector<int> result;
  const int choices[] = {O_CREAT,     O_EXCL,     O_TRUNC,
                         O_DIRECTORY, O_NOFOLLOW, O_TMPFILE & ~O_DIRECTORY};
  for (int access = 0; access < 4; ++access) {
    for (unsigned chosen = 0; chosen < 64; ++chosen) {
      int flags = access;
      for (unsigned i = 0; i < 6; ++i) {
        if ((chosen >> i & 1) != 0) flags |= choices[i];
      }
      result.push_back(flags);
    }
  }
  return result;
}

int compare(const std::string& writable, const std::string& read_only, bool may_repair) {
  int compared = 0;
  int wrong = 0;
  const bool older = kernel_takes_directory_for_create();
  for (const std::string& target : kTargets) {
    for (const int flags : all_flags()) {
      if (!open_can_write(flags)) continue;
      constexpr int kBoth = O_CREAT | O_DIRECTORY;
      if (older && (flags & kBoth) == kBoth) continue;
      ++compared;
      const int kernel = error_of_open(read_only + "/" + target, flags);
      int ours = read_only_open(flags, facts_of(read_only + "/" + target, flags));
      // 0 lets the call go on, to the tree as it is without us.
      if (ours == 0) {
        ours = error_of_open(writable + "/" + target, flags);
        if (may_repair) make_tree(writable);
      }
      if (ours == kernel) continue;
      ++wrong;
      std::printf("%s, %s: we say %s, the kernel %s\n", target.c_str(),
                  name_of_flags(flags).c_str(), name_of(ours).c_str(), name_of(kernel).c_str());
    }
  }
  std::printf("uid %u: %d calls compared, %d differ\n", geteuid(), compared, wrong);
  return wrong == 0 && compared > 1000 ? 0 : 1;
}

bool enter_mount_namespace() {
  const uid_t uid = getuid();
  if (unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return false;
  if (uid != 0) {
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
  }
  return mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

bool bind_read_only(const std::string& from, const std::string& to) {
  return mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) == 0 &&
         mount(nullptr, to.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0;
}

int run_as_nobody(const std::string& writable, const std::string& read_only) {
  std::fflush(stdout);
  const pid_t child = fork();
  require(child >= 0, "fork");
  if (child == 0) {
    const bool changed = setgroups(0, nullptr) == 0 && setgid(kNobody) == 0 && setuid(kNobody) == 0;
    const int result = changed ? compare(writable, read_only, false) : 1;
    std::fflush(stdout);
    _exit(result);
  }
  int status = 0;
  require(waitpid(child, &status, 0) == child, "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

int main() {
  std::string base = std::filesystem::temp_directory_path() / "hfoffline-oracle.XXXXXX";
  require(mkdtemp(base.data()) != nullptr, "mkdtemp");
  const std::string writable = base + "/writable";
  const std::string read_only = base + "/read-only";
  std::filesystem::create_directories(writable);
  std::filesystem::create_directories(read_only);
  require(chmod(base.c_str(), 0755) == 0, "chmod");
  int result = kSkipped;
  const bool is_root = geteuid() == 0;
  if (!enter_mount_namespace() || !bind_read_only(writable, read_only)) {
    std::printf("skipped: no mount may be made here (errno %d)\n", errno);
  } else {
    make_tree(writable);
    result = compare(writable, read_only, true);
    make_tree(writable);
    if (is_root) result |= run_as_nobody(writable, read_only);
    umount2(read_only.c_str(), MNT_DETACH);
  }
  std::error_code ignored;
  std::filesystem::remove_all(base, ignored);
  return result;
}
