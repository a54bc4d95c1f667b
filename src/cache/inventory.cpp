#include "cache/inventory.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <unordered_map>
#include <utility>

namespace hfoffline {
namespace {

constexpr std::size_t kCommitDigits = 40;
constexpr std::size_t kMaximumReferenceBytes = 4096;
constexpr int kMaximumDepth = 64;
constexpr std::string_view kPartialSuffix = ".incomplete";
// The hashes of nothing, as git names an empty blob and as LFS does.
constexpr std::string_view kEmptyGitBlob = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
constexpr std::string_view kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  bool valid() const { return number_ >= 0; }

 private:
  int number_;
};

// An open directory, or the errno of why it is not.
class Directory {
 public:
  explicit Directory(int descriptor) {
    if (descriptor >= 0) stream_ = fdopendir(descriptor);
    if (stream_ != nullptr) return;
    error_ = errno;
    if (descriptor >= 0) close(descriptor);
  }
  ~Directory() {
    if (stream_ != nullptr) closedir(stream_);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  bool valid() const { return stream_ != nullptr; }
  int error() const { return error_; }
  int get() const { return dirfd(stream_); }
  DIR* stream() const { return stream_; }

 private:
  DIR* stream_ = nullptr;
  int error_ = 0;
};

struct Entry {
  std::string name;
  unsigned char type = DT_UNKNOWN;
};

bool is_commit(std::string_view text) {
  return text.size() == kCommitDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool read_link(int directory, const std::string& name, std::string* target) {
  char buffer[4096];
  const ssize_t size = readlinkat(directory, name.c_str(), buffer, sizeof(buffer));
  if (size < 0) return false;
  target->assign(buffer, static_cast<std::size_t>(size));
  return true;
}

// The canonical path, or "" if there is none.
std::string canonical(const std::string& path) {
  char* resolved = realpath(path.c_str(), nullptr);
  std::string result = resolved == nullptr ? "" : resolved;
  free(resolved);
  return result;
}

bool is_below(std::string_view path, std::string_view tree) {
  return path == tree || (path.size() > tree.size() && path.starts_with(tree) &&
                          (tree == "/" || path[tree.size()] == '/'));
}

// Applies a link's target, as text, to the directory that holds the link, both relative to the hub
// cache. Returns false if it climbs out.
bool resolve_text(std::string_view directory, std::string_view target, std::string* result) {
  std::string path(directory);
  while (!target.empty()) {
    const std::size_t slash = target.find('/');
    const std::string_view part = target.substr(0, slash);
    target = slash == std::string_view::npos ? std::string_view() : target.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      if (!path.empty()) path += '/';
      path += part;
      continue;
    }
    if (path.empty()) return false;
    const std::size_t last = path.rfind('/');
    path.resize(last == std::string::npos ? 0 : last);
  }
  *result = std::move(path);
  return true;
}

class Reader {
 public:
  Reader(const std::string& hub_cache, std::size_t maximum_entries, bool measure)
      : root_(hub_cache), maximum_(maximum_entries), measure_(measure) {
    while (root_.size() > 1 && root_.back() == '/') root_.pop_back();
  }

  Inventory read() {
    const Directory hub(open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!hub.valid()) {
      unreadable("", hub.error());
      return std::move(inventory_);
    }
    hub_ = hub.get();
    // The list of repositories itself is cheap: the bound is for what is in them.
    const std::size_t bound = std::exchange(maximum_, std::numeric_limits<std::size_t>::max());
    const std::vector<Entry> entries = list(hub, "");
    inventory_.entries = 0;
    maximum_ = bound;
    for (const Entry& entry : entries) {
      Repository repository;
      if (!name_repository(entry.name, &repository)) continue;
      if (!inventory_.complete) break;
      read_repository(entry, std::move(repository));
    }
    return std::move(inventory_);
  }

 private:
  std::string absolute(const std::string& relative) const {
    if (relative.empty()) return root_;
    return root_ == "/" ? "/" + relative : root_ + "/" + relative;
  }

  void report(CacheProblemKind kind, const std::string& relative, std::string what,
              std::string advice) {
    inventory_.problems.push_back({kind, absolute(relative), std::move(what), std::move(advice)});
  }

  void unreadable(const std::string& relative, int error) {
    if (error == EMFILE || error == ENFILE) {
      // Says nothing about the cache; every further directory would say the same.
      if (inventory_.complete) {
        report(CacheProblemKind::kUnreadable, relative,
               std::string("cannot be looked at (") + strerror(error) + ")",
               "raise the limit of open files (ulimit -n)");
      }
      inventory_.complete = false;
      return;
    }
    report(CacheProblemKind::kUnreadable, relative,
           std::string("cannot be read (") + strerror(error) + ")",
           error == EACCES || error == EPERM ? "give this user the right to read it"
                                             : "stage it again, or remove it");
  }

  // Lists an open directory in order of name, up to the bound.
  std::vector<Entry> list(const Directory& directory, const std::string& relative) {
    std::vector<Entry> entries;
    errno = 0;
    while (const dirent* entry = readdir(directory.stream())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (inventory_.entries == maximum_) {
        inventory_.complete = false;
        break;
      }
      ++inventory_.entries;
      entries.push_back({std::string(name), entry->d_type});
      errno = 0;
    }
    if (inventory_.complete && errno != 0) unreadable(relative, errno);
    for (Entry& entry : entries) {
      struct stat status;
      if (entry.type != DT_UNKNOWN ||
          fstatat(directory.get(), entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        continue;
      entry.type = static_cast<unsigned char>(IFTODT(status.st_mode));
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return entries;
  }

  static bool name_repository(std::string_view name, Repository* repository) {
    using Kind = std::pair<std::string_view, RepositoryType>;
    for (const auto& [prefix, type] :
         {Kind{"models--", RepositoryType::kModel}, Kind{"datasets--", RepositoryType::kDataset},
          Kind{"spaces--", RepositoryType::kSpace}}) {
      if (!name.starts_with(prefix) || name.size() == prefix.size()) continue;
      repository->type = type;
      repository->id = name.substr(prefix.size());
      // Only the first separates the organisation; "--" is not legal in either part.
      const std::size_t dashes = repository->id.find("--");
      if (dashes != std::string::npos) repository->id.replace(dashes, 2, "/");
      return true;
    }
    return false;
  }

  // Opens a directory of the cache. One that is a link out of it works, but nothing seals it.
  int open_directory(int parent, const std::string& name, const std::string& relative) {
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    const int descriptor = openat(parent, name.c_str(), kFlags | O_NOFOLLOW);
    // A link is ENOTDIR because of O_DIRECTORY, a loop of them stays ELOOP below.
    if (descriptor >= 0 || (errno != ENOTDIR && errno != ELOOP)) return descriptor;
    const std::string target = canonical(absolute(relative));
    if (!target.empty() && !is_below(target, canonical_root())) {
      report(CacheProblemKind::kLinkLeavesCache, relative,
             "leads out of the cache to " + target + ", which is not sealed",
             "copy it into the cache, or protect that directory too");
    }
    return openat(parent, name.c_str(), kFlags);
  }

  const std::string& canonical_root() {
    if (canonical_root_.empty()) canonical_root_ = canonical(root_);
    return canonical_root_;
  }

  void read_repository(const Entry& entry, Repository repository) {
    const Directory directory(open_directory(hub_, entry.name, entry.name));
    repository.path = absolute(entry.name);
    if (!directory.valid()) {
      unreadable(entry.name, directory.error());
      return;
    }
    read_blobs(directory.get(), entry.name, &repository);
    read_snapshots(directory.get(), entry.name, &repository);
    read_references(directory.get(), entry.name, &repository);
    if (repository.revisions.empty() && inventory_.complete) {
      report(CacheProblemKind::kNoRevision, entry.name, "has no snapshot, so nothing can be loaded",
             "stage it again, or remove the directory");
    }
    inventory_.repositories.push_back(std::move(repository));
  }

  void read_blobs(int parent, const std::string& repository_name, Repository* repository) {
    blobs_.clear();
    const std::string relative = repository_name + "/blobs";
    const Directory directory(open_directory(parent, "blobs", relative));
    if (!directory.valid()) {
      // A cache copied with its links followed has no blobs, and needs none.
      if (directory.error() != ENOENT) unreadable(relative, directory.error());
      return;
    }
    for (const Entry& entry : list(directory, relative)) {
      const std::string path = relative + "/" + entry.name;
      if (std::string_view(entry.name).ends_with(kPartialSuffix)) {
        report(CacheProblemKind::kPartialBlob, path, "is an interrupted download",
               "finish the download where there is a network, or remove the file");
        continue;
      }
      std::uint64_t size = 0;
      if (entry.type == DT_LNK) check_link(directory.get(), relative, entry.name, /*blob=*/true);
      if (measure_) {
        struct stat status;
        if (fstatat(directory.get(), entry.name.c_str(), &status, 0) == 0) {
          size = static_cast<std::uint64_t>(status.st_size);
          if (size == 0 && entry.name != kEmptyGitBlob && entry.name != kEmptySha256) {
            report(CacheProblemKind::kEmptyBlob, path,
                   "is empty, but not named by the hash of nothing",
                   "remove it and stage the repository again");
          }
        }
      }
      ++repository->blobs;
      repository->blob_bytes += size;
      blobs_.emplace(path, size);
    }
  }

  void read_snapshots(int parent, const std::string& repository_name, Repository* repository) {
    const std::string relative = repository_name + "/snapshots";
    const Directory directory(open_directory(parent, "snapshots", relative));
    if (!directory.valid()) {
      if (directory.error() != ENOENT) unreadable(relative, directory.error());
      return;
    }
    for (const Entry& entry : list(directory, relative)) {
      if (!inventory_.complete) return;
      if (entry.type != DT_DIR && entry.type != DT_LNK) continue;
      Revision revision;
      revision.commit = entry.name;
      read_files(directory.get(), entry.name, relative + "/" + entry.name, 0, &revision);
      repository->revisions.push_back(std::move(revision));
    }
  }

  void read_files(int parent, const std::string& name, const std::string& relative, int depth,
                  Revision* revision) {
    const Directory directory(open_directory(parent, name, relative));
    if (!directory.valid()) {
      unreadable(relative, directory.error());
      return;
    }
    for (const Entry& entry : list(directory, relative)) {
      if (entry.type == DT_DIR) {
        if (depth < kMaximumDepth && inventory_.complete)
          read_files(directory.get(), entry.name, relative + "/" + entry.name, depth + 1, revision);
        continue;
      }
      ++revision->files;
      if (entry.type == DT_LNK) {
        revision->bytes += check_link(directory.get(), relative, entry.name, /*blob=*/false);
      } else if (measure_) {
        struct stat status;
        if (fstatat(directory.get(), entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
          revision->bytes += static_cast<std::uint64_t>(status.st_size);
      }
    }
  }

  // Looks where a link in the directory `relative` leads. Returns the size of the blob, if known.
  std::uint64_t check_link(int directory, const std::string& relative, const std::string& name,
                           bool blob) {
    const std::string path = relative + "/" + name;
    std::string target;
    if (!read_link(directory, name, &target)) {
      unreadable(path, errno);
      return 0;
    }
    std::string inside;
    bool stays = false;
    if (!target.starts_with('/')) {
      stays = resolve_text(relative, target, &inside);
    } else if (is_below(target, canonical_root())) {
      stays = resolve_text("", std::string_view(target).substr(canonical_root().size()), &inside);
    }
    // The usual case needs no system call: the blobs of this repository are known.
    if (const auto found = blobs_.find(inside); found != blobs_.end()) return found->second;

    struct stat status;
    const bool exists = fstatat(directory, name.c_str(), &status, 0) == 0;
    if (!exists && errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
      unreadable(path, errno);
    } else if (!exists) {
      report(CacheProblemKind::kDanglingLink, path, "leads to " + target + ", which does not exist",
             blob    ? "stage the repository again"
             : stays ? "the blob was never downloaded or was deleted: stage the repository again"
                     : "the cache was moved without what it links to: stage the repository again");
    } else if (!stays) {
      report(CacheProblemKind::kLinkLeavesCache, path,
             "leads out of the cache to " + target + ", which is not sealed",
             "copy the file into the cache, or protect the directory it leads to");
    }
    return exists && measure_ ? static_cast<std::uint64_t>(status.st_size) : 0;
  }

  void read_references(int parent, const std::string& repository_name, Repository* repository) {
    read_reference_directory(parent, "refs", repository_name + "/refs", "", 0, repository);
  }

  void read_reference_directory(int parent, const std::string& name, const std::string& relative,
                                const std::string& prefix, int depth, Repository* repository) {
    const Directory directory(open_directory(parent, name, relative));
    if (!directory.valid()) {
      // A repository that was only ever asked for by commit has no refs.
      if (directory.error() != ENOENT) unreadable(relative, directory.error());
      return;
    }
    for (const Entry& entry : list(directory, relative)) {
      if (!inventory_.complete) return;
      const std::string path = relative + "/" + entry.name;
      if (entry.type == DT_DIR) {
        if (depth < kMaximumDepth) {
          read_reference_directory(directory.get(), entry.name, path, prefix + entry.name + "/",
                                   depth + 1, repository);
        }
        continue;
      }
      read_reference(directory.get(), entry.name, path, prefix + entry.name, repository);
    }
  }

  void read_reference(int parent, const std::string& name, const std::string& path,
                      std::string reference_name, Repository* repository) {
    const Descriptor file(openat(parent, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    char buffer[kMaximumReferenceBytes];
    const ssize_t size = file.valid() ? ::read(file.get(), buffer, sizeof(buffer)) : -1;
    if (size < 0) {
      unreadable(path, errno);
      return;
    }
    const std::string_view text(buffer, static_cast<std::size_t>(size));
    const std::string commit(trim(text));
    if (!is_commit(commit)) {
      report(CacheProblemKind::kReferenceNoCommit, path, "does not hold a commit (40 hex digits)",
             "stage the repository again");
      return;
    }
    if (commit.size() != text.size()) {
      report(CacheProblemKind::kReferenceUntrimmed, path,
             "has blanks or a newline around the commit, which clients take as part of it",
             "write the commit alone into it, without a newline");
    }
    const bool present =
        std::any_of(repository->revisions.begin(), repository->revisions.end(),
                    [&](const Revision& revision) { return revision.commit == commit; });
    if (!present) {
      report(CacheProblemKind::kReferenceMissing, path,
             "names the commit " + commit + ", which has no snapshot",
             "stage that revision, or remove the ref");
    }
    repository->references.push_back({std::move(reference_name), commit});
  }

  std::string root_;
  std::string canonical_root_;
  std::size_t maximum_;
  bool measure_;
  int hub_ = -1;
  // Of the repository being read: path relative to the hub cache, and size.
  std::unordered_map<std::string, std::uint64_t> blobs_;
  Inventory inventory_;
};

}  // namespace

std::string_view repository_type_name(RepositoryType type) {
  switch (type) {
    case RepositoryType::kModel:
      return "model";
    case RepositoryType::kDataset:
      return "dataset";
    case RepositoryType::kSpace:
      return "space";
  }
  return "";
}

std::string describe(const CacheProblem& problem) {
  std::string text = problem.path + ": " + problem.what + "; " + problem.advice;
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  }
  return text;
}

Inventory read_inventory(const std::string& hub_cache) {
  return Reader(hub_cache, std::numeric_limits<std::size_t>::max(), /*measure=*/true).read();
}

Inventory quick_inventory(const std::string& hub_cache, std::size_t maximum_entries) {
  return Reader(hub_cache, maximum_entries, /*measure=*/false).read();
}

std::string hub_cache_of(const std::string& models_dir, Layout layout) {
  if (layout != Layout::kHfHome) return models_dir;
  return models_dir.ends_with('/') ? models_dir + "hub" : models_dir + "/hub";
}

}  // namespace hfoffline
