#include "cli/run_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include "cli/message.h"
#include "cli/string_tools.h"
#include "core/path.h"
#include "core/settings.h"
#include "core/text.h"

namespace hfoffline::cli {
namespace {

// Deeper trees than this are not made by accident, and each level holds a descriptor open.
constexpr int kMaximumDepth = 512;

int remove_entry(int parent, const char* name, int depth) {
  if (unlinkat(parent, name, 0) == 0) return 0;
  if (errno != EISDIR && errno != EPERM) return errno == ENOENT ? 0 : errno;
  if (unlinkat(parent, name, AT_REMOVEDIR) == 0) return 0;
  if (errno != ENOTEMPTY && errno != EEXIST) return errno;
  if (depth == kMaximumDepth) return ELOOP;
  // Some programs leave read-only directories behind (Go's module cache).
  int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0) {
    directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  }
  if (directory < 0) return errno;
  fchmod(directory, 0700);
  int result = 0;
  DIR* entries = fdopendir(directory);
  if (entries == nullptr) {
    close(directory);
    return ENOMEM;
  }
  while (const dirent* entry = readdir(entries)) {
    const std::string_view entry_name = entry->d_name;
    if (entry_name == "." || entry_name == "..") continue;
    const int failure = remove_entry(directory, entry->d_name, depth + 1);
    if (failure != 0) result = failure;
  }
  closedir(entries);
  if (unlinkat(parent, name, AT_REMOVEDIR) != 0 && result == 0) result = errno;
  return result;
}

// Takes the space now: on a full disk, a hole in the file would be a SIGBUS in the program that
// counts. Only where the file lives in memory by reserving it, which spares the copy: ext4 gives
// written blocks only if the file lives for half a minute, and removing it is then 20 times
// quicker.
int reserve(int descriptor, std::size_t size) {
  struct statfs file_system;
  if (fstatfs(descriptor, &file_system) == 0 && file_system.f_type == TMPFS_MAGIC)
    return posix_fallocate(descriptor, 0, static_cast<off_t>(size));
  const std::vector<char> zeros(size);
  // Where only a part fits, the rest says why.
  for (std::size_t done = 0; done < size;) {
    const ssize_t count =
        pwrite(descriptor, zeros.data() + done, size - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0 ? errno : ENOSPC;
    done += static_cast<std::size_t>(count);
  }
  return 0;
}

constexpr char kMemory[] = "/dev/shm";
constexpr std::string_view kPrefix = "hfoffline-run-";
// Far longer than it takes to make a directory and lock it.
constexpr time_t kAbandonedSeconds = 60;
// A link to where the scratch is, in a run's directory, if that is no place where every run looks.
constexpr char kScratchParent[] = "scratch-parent";

// In a place that everybody can write to, somebody else may have taken the name.
void remove_own(const std::string& path) {
  struct stat status;
  if (lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid())
    remove_entry(AT_FDCWD, path.c_str(), 0);
}

std::string_view what_helps_against(int failure) {
  switch (failure) {
    case EMFILE:
      return "\n  raise the limit of open files (ulimit -n)";
    case EFBIG:
      return "\n  raise the limit of the size of files (ulimit -f)";
    default:
      return "\n  set TMPDIR to a directory with some free space that this user can write to";
  }
}

bool is_inside(const char* directory, std::span<const std::string> trees) {
  if (trees.empty()) return false;
  const std::string path = canonical_path(directory);
  for (const std::string& tree : trees) {
    if (is_at_or_below(path, tree)) return true;
  }
  return false;
}

// "" if the run's scratch is in one of the places where every run looks.
std::string noted_scratch_parent(int directory) {
  char target[PATH_MAX];
  const ssize_t length = readlinkat(directory, kScratchParent, target, sizeof(target));
  if (length <= 0 || length == static_cast<ssize_t>(sizeof(target)) || target[0] != '/') return "";
  return {target, static_cast<std::size_t>(length)};
}

// Removes what launchers left that were killed a while ago. The lock decides, since the pid in the
// name may be of another pid namespace; the pid and the age spare the directories that are being
// made.
void sweep(std::span<const char* const> scratch_parents, std::span<const std::string> trees) {
  DIR* entries = opendir(kMemory);
  if (entries == nullptr) return;
  while (const dirent* entry = readdir(entries)) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(kPrefix)) continue;
    const std::string_view pid = name.substr(kPrefix.size(), name.rfind('-') - kPrefix.size());
    std::uint64_t number = 0;
    if (!parse_decimal(pid, INT_MAX, &number) || number == 0) continue;
    if (kill(static_cast<pid_t>(number), 0) == 0 || errno != ESRCH) continue;
    const int directory =
        openat(dirfd(entries), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) continue;
    struct stat status;
    if (fstat(directory, &status) == 0 && status.st_uid == geteuid() &&
        time(nullptr) - status.st_mtime > kAbandonedSeconds &&
        flock(directory, LOCK_EX | LOCK_NB) == 0 && !is_inside(kMemory, trees)) {
      const std::string noted = noted_scratch_parent(directory);
      std::vector<const char*> parents(scratch_parents.begin(), scratch_parents.end());
      parents.push_back(noted.empty() ? nullptr : noted.c_str());
      for (const char* parent : parents) {
        if (parent == nullptr || is_inside(parent, trees)) continue;
        for (const char* part : {"-scratch", "-shim"}) remove_own(cat(parent, "/", name, part));
      }
      remove_entry(dirfd(entries), entry->d_name, 0);
    }
    close(directory);
  }
  closedir(entries);
}

}  // namespace

std::string canonical_path(const std::string& path) {
  char buffer[PATH_MAX];
  return realpath(path.c_str(), buffer) != nullptr ? std::string(buffer) : path;
}

int remove_tree(const std::string& path) {
  // A background process of the run may still be creating files in it.
  int failure = 0;
  for (int attempt = 0; attempt < 3; ++attempt) {
    failure = remove_entry(AT_FDCWD, path.c_str(), 0);
    if (failure != ENOTEMPTY) break;
  }
  return failure;
}

RunDirectory::~RunDirectory() { remove(); }

// Programs that root starts may become another user (setpriv, su, a container's entrypoint), and
// their refusals count as well. They may enter the directory, but not list it, and nobody can guess
// the names in it. Returns 0 or an errno.
int RunDirectory::open_to_other_users() {
  unsigned char bytes[12];
  if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) != sizeof(bytes)) return EAGAIN;
  std::string token = "-";
  for (const unsigned char byte : bytes) {
    token += "0123456789abcdef"[byte >> 4];
    token += "0123456789abcdef"[byte & 15];
  }
  if (chmod(path_.c_str(), 0711) != 0) return errno;
  token_ = std::move(token);
  const int descriptor =
      open(record().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
  if (descriptor < 0) return errno;
  fchmod(descriptor, 0666);
  close(descriptor);
  return 0;
}

int RunDirectory::create_in(std::string_view parent) {
  std::string path = cat(parent, "/", kPrefix, getpid(), "-XXXXXX");
  if (mkdtemp(path.data()) == nullptr) return errno;
  path_ = std::move(path);
  token_.clear();
  lock_ = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ >= 0) flock(lock_, LOCK_EX | LOCK_NB);
  const bool for_all = geteuid() == 0 && open_to_other_users() == 0;
  const int descriptor =
      open(run_state_file().c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (for_all && descriptor >= 0) fchmod(descriptor, 0666);
  void* memory = MAP_FAILED;
  int failure = descriptor < 0 ? errno : reserve(descriptor, sizeof(RunState));
  if (failure == 0) {
    memory = mmap(nullptr, sizeof(RunState), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED) failure = errno;
  }
  if (descriptor >= 0) close(descriptor);
  if (failure != 0) {
    remove();
    return failure;
  }
  state_ = static_cast<RunState*>(memory);
  state_->version = kRunStateVersion;
  return 0;
}

bool RunDirectory::create(const Context& context, std::span<const std::string> trees,
                          std::string* problem) {
  const char* given = find_in_environment(context.environment, "TMPDIR");
  if (given != nullptr && given[0] != '/') given = nullptr;
  std::string tried;  // each place once, with why it is none
  const std::array<const char*, 4> scratch_parents = {given, "/tmp", "/var/tmp", kMemory};
  sweep(scratch_parents, trees);
  int failure = 0;
  for (const char* parent : {kMemory, given, "/tmp", "/var/tmp"}) {
    if (state_ != nullptr || parent == nullptr) continue;
    if (is_inside(parent, trees)) {
      append(&tried, "\n  ", printable(parent), ": is inside a protected tree");
    } else if (failure = create_in(parent); failure != 0) {
      append(&tried, "\n  ", printable(parent), ": ", std::strerror(failure));
    }
  }
  for (const char* parent : scratch_parents) {
    if (state_ == nullptr || !base_.empty() || parent == nullptr || is_inside(parent, trees))
      continue;
    // The name is one that mkdtemp found unused a moment ago, in another place; if it is taken all
    // the same, making it fails.
    if (access(parent, W_OK | X_OK) == 0) {
      base_ = cat(parent, std::string_view(path_).substr(path_.rfind('/')));
      // Only this run's TMPDIR is not known to the run that may have to clean up.
      if (parent == given) symlinkat(given, lock_, kScratchParent);
    }
  }
  if (state_ != nullptr && !base_.empty()) return true;
  *problem = cat("no place for the directory of the run",
                 tried.empty() ? "\n  temporary files cannot be made anywhere" : tried.c_str(),
                 what_helps_against(failure));
  return false;
}

int RunDirectory::create_place_for_shim() {
  if (mkdir(place_for_shim().c_str(), 0700) != 0) return errno;
  has_place_for_shim_ = true;
  return 0;
}

std::string RunDirectory::remove() {
  if (state_ != nullptr) munmap(state_, sizeof(RunState));
  state_ = nullptr;
  std::string left;
  const auto remove_directory = [&](const std::string& path) {
    if (path.empty()) return;
    if (const int failure = remove_tree(path); failure != 0) {
      left = cat("the directory of the run, \"", printable(path), "\", could not be removed (",
                 std::strerror(failure), ")");
    }
  };
  remove_directory(path_);
  if (!base_.empty()) remove_directory(scratch());
  if (has_place_for_shim_) remove_directory(place_for_shim());
  if (lock_ >= 0) close(lock_);
  lock_ = -1;
  path_.clear();
  base_.clear();
  has_place_for_shim_ = false;
  return left;
}

}  // namespace hfoffline::cli
