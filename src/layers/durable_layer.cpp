#include "layers/durable_layer.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace hfoffline::layers {

namespace fs = std::filesystem;

namespace {

absl::Status failed(const std::string& what, int error) { return absl::ErrnoToStatus(error, what); }

// Everything of a tree is on disk before its name changes.
void sync_tree(const std::string& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  syncfs(descriptor);
  close(descriptor);
}

void sync_directory(const std::string& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

void remove_tree(const std::string& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  if (!error) return;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored) && !entry->is_symlink(ignored))
      fs::permissions(entry->path(), fs::perms::owner_all, fs::perm_options::add, ignored);
  }
  fs::remove_all(directory, error);
}

absl::Status copy_tree(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::create_directory(to, from, error);
  if (error) return failed(to + " cannot be made", error.value());
  for (fs::recursive_directory_iterator entry(from, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path target = to / entry->path().lexically_relative(from);
    const fs::file_status status = entry->symlink_status(error);
    if (error) return failed(entry->path().string() + " cannot be read", error.value());
    if (fs::is_directory(status)) {
      fs::create_directory(target, entry->path(), error);
    } else if (fs::is_symlink(status)) {
      fs::copy_symlink(entry->path(), target, error);
    } else if (link(entry->path().c_str(), target.c_str()) != 0) {
      if (!fs::is_regular_file(status)) {
        return failed(entry->path().string() + " is neither a file nor a directory nor a link",
                      errno);
      }
      fs::copy_file(entry->path(), target, error);
    }
    if (error) return failed(target.string() + " cannot be made", error.value());
  }
  if (error) return failed(from + " cannot be read as a whole", error.value());
  return absl::OkStatus();
}

std::string DurableLayer::beside(const std::string& what) const {
  const std::size_t slash = path_.rfind('/');
  return path_.substr(0, slash + 1) + "." + path_.substr(slash + 1) + ".hfoffline-" + what;
}

absl::StatusOr<DurableLayer> DurableLayer::open(const std::string& directory) {
  std::string path = directory;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  std::error_code error;
  // A layer that is a symbolic link is the directory it leads to.
  if (fs::exists(path, error)) {
    path = fs::canonical(path, error).string();
    if (!fs::is_directory(path, error)) return failed(path + " is no directory", ENOTDIR);
  } else {
    const std::string parent = parent_of(path);
    fs::create_directories(parent, error);
    if (error) return failed("the directory " + parent + " cannot be made", error.value());
    path = fs::canonical(parent, error).string() + "/" + path.substr(path.rfind('/') + 1);
  }
  if (path == "/") return absl::InvalidArgumentError("/ cannot be a layer");
  DurableLayer layer(path, -1);
  const std::string lock = layer.beside("lock");
  layer.lock_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (layer.lock_ < 0) {
    return failed(parent_of(path) +
                      " cannot be written to, where the layer is built before it takes its place",
                  errno);
  }
  while (flock(layer.lock_, LOCK_EX) != 0) {
    if (errno != EINTR) return failed(lock + " cannot be locked", errno);
  }
  if (absl::Status status = layer.recover(); !status.ok()) return status;
  return layer;
}

DurableLayer::DurableLayer(DurableLayer&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      staging_(std::exchange(other.staging_, std::string())) {}

DurableLayer::~DurableLayer() {
  if (!staging_.empty()) remove_tree(staging_);
  if (lock_ >= 0) close(lock_);
}

bool DurableLayer::exists() const {
  struct stat status;
  return stat(path_.c_str(), &status) == 0;
}

// Called with the lock held: whoever made what is found is gone.
absl::Status DurableLayer::recover() const {
  const std::string previous = beside("previous");
  struct stat status;
  if (lstat(previous.c_str(), &status) == 0) {
    if (!exists()) {
      if (rename(previous.c_str(), path_.c_str()) != 0)
        return failed(previous + " cannot be put back to " + path_, errno);
    } else {
      remove_tree(previous);
    }
  }
  const std::string start = beside("staging-");
  const std::string parent = parent_of(path_);
  std::error_code error;
  for (fs::directory_iterator entry(parent, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().string().starts_with(start)) remove_tree(entry->path().string());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> DurableLayer::make_staging() {
  staging_ = beside("staging-XXXXXX");
  if (mkdtemp(staging_.data()) == nullptr) {
    const int error = errno;
    staging_.clear();
    return failed("nothing can be made in " + parent_of(path_), error);
  }
  return staging_;
}

absl::Status DurableLayer::replace_with(const std::string& staged) {
  sync_tree(staged);
  const std::string parent = parent_of(path_);
  if (!exists()) {
    if (rename(staged.c_str(), path_.c_str()) != 0) return failed(path_ + " cannot be made", errno);
    sync_directory(parent);
    return absl::OkStatus();
  }
  if (renameat2(AT_FDCWD, staged.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) == 0) {
    sync_directory(parent);
    remove_tree(staged);  // the old contents
    return absl::OkStatus();
  }
  if (errno == EBUSY) {
    return absl::FailedPreconditionError(path_ +
                                         " is a mount point, which cannot be replaced in one step: "
                                         "give a directory below it");
  }
  if (errno != EINVAL && errno != ENOSYS) return failed(path_ + " cannot be replaced", errno);
  // The file system cannot exchange two names. Between the two steps the layer is missing; who is
  // killed there leaves it to recover().
  const std::string previous = beside("previous");
  if (rename(path_.c_str(), previous.c_str()) != 0)
    return failed(path_ + " cannot be replaced", errno);
  if (rename(staged.c_str(), path_.c_str()) != 0) {
    const int error = errno;
    rename(previous.c_str(), path_.c_str());
    return failed(path_ + " cannot be replaced", error);
  }
  sync_directory(parent);
  remove_tree(previous);
  return absl::OkStatus();
}

}  // namespace hfoffline::layers
