#include "core/layout.h"

#include <errno.h>
#include <sys/stat.h>

#include "core/errnos.h"
#include "core/sys.h"

namespace hfoffline {
namespace {

constexpr std::size_t kCommitDigits = 40;

#if !defined(__APPLE__)
// struct linux_dirent64, which no libc header declares.
struct DirectoryEntry {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t size;
  std::uint8_t type;
  char name[1];
};
#endif

// Keeps the smallest name offered, so that what is reported does not depend on directory order.
struct SmallestName {
  char text[128] = "";

  bool empty() const { return text[0] == '\0'; }
  std::string_view view() const { return text; }
  void offer(std::string_view name) {
    if (!empty() && view() <= name) return;
    Appender(text).add(slice(name, 0, sizeof(text) - 1)).c_str();
  }
};

struct Entries {
  bool any = false;    // anything but dot files and what mkfs or a client leaves in an empty cache
  SmallestName cache;  // a repository of a hub cache
  SmallestName similar;  // named like one, but not one
  SmallestName model;    // a file of a model: this is a snapshot or a plain model directory
  SmallestName commit;   // a directory named by a commit: this is a snapshots directory
  SmallestName other;
};

bool starts_with(std::string_view text, std::string_view prefix) {
  return slice(text, 0, prefix.size()) == prefix;
}
bool ends_with(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && slice(text, text.size() - suffix.size()) == suffix;
}

bool directory_at(int directory, const char* path) {
  sys::Stat status;
  return sys::fstatat(directory, path, &status) == 0 && S_ISDIR(status.mode);
}

bool directory_below(int directory, std::string_view parent, std::string_view child) {
  char path[512];
  Appender text(path);
  text.add(parent).add_byte('/').add(child);
  return text.room() > 0 && directory_at(directory, text.c_str());
}

bool is_commit(std::string_view name) {
  if (name.size() != kCommitDigits) return false;
  for (const char c : name) {
    if (!is_ascii_digit(c) && (c < 'a' || c > 'f')) return false;
  }
  return true;
}

bool leads_through_snapshots(std::string_view path) {
  constexpr std::string_view kComponent = "/snapshots/";
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (slice(path, i, kComponent.size()) == kComponent) return true;
  }
  return false;
}

bool is_model_file(std::string_view name) {
  return name == "config.json" || name == "model_index.json" || name == "tokenizer.json" ||
         name == "pytorch_model.bin" || ends_with(name, ".safetensors") || ends_with(name, ".gguf");
}

// Whether the entry is a repository of a hub cache. "models--ORG--NAME" is taken by its name; the
// short form of old repositories ("models--gpt2") only with the insides of one, since "models--hub"
// is what a mistyped mount point looks like.
bool is_repository(int directory, std::string_view name) {
  std::string_view id;
  for (const std::string_view prefix : {"models--", "datasets--", "spaces--"}) {
    if (starts_with(name, prefix)) id = slice(name, prefix.size());
  }
  if (id.empty() || !directory_below(directory, name, ".")) return false;
  for (std::size_t i = 1; i + 2 < id.size(); ++i) {
    if (id[i] == '-' && id[i + 1] == '-') return true;
  }
  return directory_below(directory, name, "snapshots") ||
         directory_below(directory, name, "refs") || directory_below(directory, name, "blobs");
}

bool is_similar(std::string_view name) {
  for (const std::string_view prefix : {"models", "datasets", "spaces"}) {
    if (starts_with(name, prefix)) {
      return name.size() == prefix.size() || name[prefix.size()] == '-' ||
             name[prefix.size()] == '_';
    }
  }
  return false;
}

void classify(int directory, std::string_view name, Entries& entries) {
  if (name.front() == '.' || name == "lost+found" || name == "CACHEDIR.TAG") return;
  entries.any = true;
  if (is_repository(directory, name)) {
    entries.cache.offer(name);
  } else if (is_similar(name)) {
    entries.similar.offer(name);
  } else if (is_model_file(name)) {
    entries.model.offer(name);
  } else if (is_commit(name)) {
    entries.commit.offer(name);
  } else {
    entries.other.offer(name);
  }
}

#if defined(__APPLE__)
// Reads the directory up to its first repository. Returns 0 or an errno. By getattrlistbulk(2):
// readdir(3) allocates.
int read_entries(int directory, Entries& entries) {
  struct Entry {
    std::uint32_t size;
    attribute_set_t returned;
    attrreference_t name;
  };
  alignas(8) char buffer[8192];
  struct attrlist wanted = {};
  wanted.bitmapcount = ATTR_BIT_MAP_COUNT;
  wanted.commonattr = ATTR_CMN_RETURNED_ATTRS | ATTR_CMN_NAME;
  int seen = 0;
  for (;;) {
    const long count =
        sys::kept([&] { return ::getattrlistbulk(directory, &wanted, buffer, sizeof(buffer), 0); });
    if (count < 0) return static_cast<int>(-count);
    if (count == 0) return 0;
    const char* at = buffer;
    for (long i = 0; i < count; ++i) {
      Entry entry;
      __builtin_memcpy(&entry, at, sizeof(entry));
      classify(directory, at + offsetof(Entry, name) + entry.name.attr_dataoffset, entries);
      if (!entries.cache.empty() || ++seen == kMaximumLayoutEntries) return 0;
      at += entry.size;
    }
  }
}
#else
// Reads the directory up to its first repository. Returns 0 or an errno.
int read_entries(int directory, Entries& entries) {
  alignas(8) char buffer[8192];
  int seen = 0;
  for (;;) {
    const long size = sys::getdents64(directory, buffer, sizeof(buffer));
    if (size < 0) return static_cast<int>(-size);
    if (size == 0) return 0;
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer + at);
      classify(directory, entry->name, entries);
      if (!entries.cache.empty() || ++seen == kMaximumLayoutEntries) return 0;
      at += entry->size;
    }
  }
}
#endif

class Detail {
 public:
  explicit Detail(LayoutFinding& finding) : finding_(finding), text_(finding.detail) {}
  ~Detail() {
    text_.c_str();
    // A name from the disk must not be able to steer a terminal.
    for (char* c = finding_.detail; *c != '\0'; ++c) {
      if (static_cast<unsigned char>(*c) < ' ' || *c == 0x7f) *c = '?';
    }
  }
  Detail& add(std::string_view text) {
    text_.add(text);
    return *this;
  }
  Detail& quote(std::string_view name) {
    text_.add_byte('"').add(slice(name, 0, 60)).add_byte('"');
    return *this;
  }

 private:
  LayoutFinding& finding_;
  Appender text_;
};

void say_error(LayoutFinding& finding, ModelsDirProblem problem, int error) {
  finding.problem = problem;
  finding.error = error;
  std::string_view name = errno_name(error);
  if (error == EMFILE) {
    name = "too many files are open (EMFILE)";
  } else if (name.empty()) {
    name = "I/O error";
  }
  Detail(finding).add(name);
}

LayoutFinding cannot_open(const char* path, int error) {
  LayoutFinding finding;
  sys::Stat status;
  if (error == ENOENT) {
    finding.problem = ModelsDirProblem::kMissing;
    if (sys::fstatat(sys::kCurrentDirectory, path, &status, sys::kNoFollow) == 0)
      Detail(finding).add("it is a symbolic link that leads nowhere");
  } else if (error == ENOTDIR) {
    finding.problem = ModelsDirProblem::kNotADirectory;
    const bool exists = sys::stat(path, &status) == 0;
    Detail(finding).add(exists ? "it is a file" : "a part of the path before its end is a file");
  } else {
    say_error(finding, ModelsDirProblem::kUnreadable, error);
  }
  return finding;
}

// A hub/ directory is there: is anything in it, and does anything lie beside it?
void look_into_hub(int directory, const Entries& beside, LayoutFinding& finding) {
  finding.layout = Layout::kHfHome;
  const long hub = sys::openat(directory, "hub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Entries entries;
  const int error = hub < 0 ? static_cast<int>(-hub) : read_entries(static_cast<int>(hub), entries);
  if (hub >= 0) sys::close(static_cast<int>(hub));
  if (error != 0) {
    say_error(finding, ModelsDirProblem::kUnreadable, error);
    return;
  }
  if (!entries.cache.empty()) {
    if (!beside.cache.empty()) {
      Detail(finding)
          .quote(beside.cache.view())
          .add(" lies beside hub/, where no client looks; only hub/ is used");
    }
    return;
  }
  // TORCH_HOME has a hub directory of its own.
  sys::Stat status;
  if (directory_at(directory, "hub/checkpoints") ||
      sys::fstatat(directory, "hub/trusted_list", &status) == 0) {
    finding.problem = ModelsDirProblem::kLookAlike;
    Detail(finding).add("its hub/ is torch.hub's, not a Hugging Face cache");
    return;
  }
  finding.problem = ModelsDirProblem::kEmpty;
  Detail detail(finding);
  detail.add("its hub/ holds no repository");
  if (!beside.cache.empty()) {
    detail.add("; ")
        .quote(beside.cache.view())
        .add(" lies beside it: remove hub/ or set layout = \"hub-cache\"");
  }
}

// Neither layout: says what the directory probably is.
void name_look_alike(int directory, std::string_view path, const Entries& entries,
                     LayoutFinding& finding) {
  sys::Stat status;
  finding.problem = ModelsDirProblem::kLookAlike;
  Detail detail(finding);
  if (directory_at(directory, "snapshots") &&
      (directory_at(directory, "blobs") || directory_at(directory, "refs"))) {
    detail.add("this is one repository (it has snapshots/): give the directory above it");
  } else if (!entries.commit.empty()) {
    detail.quote(entries.commit.view())
        .add(
            " is a commit, so this is a repository's snapshots/: give the hub cache, two levels "
            "up");
  } else if (!entries.model.empty()) {
    detail.add("it holds ").quote(entries.model.view());
    if (leads_through_snapshots(path)) {
      detail.add(", so this is a snapshot: give the hub cache, three levels up");
    } else {
      detail.add(", so this is a plain model directory: give the directory of the hub cache");
    }
  } else if (directory_at(directory, "huggingface/hub")) {
    detail.add("the cache is in \"huggingface\" below it: give that directory");
  } else if (directory_at(directory, ".cache/huggingface/hub")) {
    detail.add("the cache is in \".cache/huggingface\" below it: give that directory");
  } else if (sys::fstatat(directory, "hub", &status, sys::kNoFollow) == 0) {
    detail.add(S_ISLNK(status.mode) ? "\"hub\" is a symbolic link that does not lead to a directory"
                                    : "\"hub\" is not a directory");
  } else if (!entries.similar.empty()) {
    detail.quote(entries.similar.view())
        .add(" is not a repository: a hub cache holds models--ORG--NAME directories");
  } else if (entries.any) {
    finding.problem = ModelsDirProblem::kUnrecognised;
    detail.add("it has ")
        .quote(entries.other.view())
        .add(" but neither hub/ nor models--*, datasets--* or spaces--* directories");
  } else {
    finding.problem = ModelsDirProblem::kEmpty;
  }
}

}  // namespace

bool is_directory(const char* path) { return directory_at(sys::kCurrentDirectory, path); }

LayoutFinding detect_layout(const char* path) {
  const long opened = sys::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return cannot_open(path, static_cast<int>(-opened));
  const int directory = static_cast<int>(opened);

  LayoutFinding finding;
  Entries entries;
  sys::Stat status;
  const long hub = sys::fstatat(directory, "hub", &status);
  const int error = read_entries(directory, entries);
  if (error != 0) {
    say_error(finding, ModelsDirProblem::kUnreadable, error);
  } else if (hub == -EACCES) {
    finding.problem = ModelsDirProblem::kUnreadable;
    Detail(finding).add("it may be listed but not entered (EACCES)");
  } else if (hub == 0 && S_ISDIR(status.mode)) {
    look_into_hub(directory, entries, finding);
  } else if (!entries.cache.empty()) {
    finding.layout = Layout::kHubCache;
  } else {
    name_look_alike(directory, path, entries, finding);
  }
  sys::close(directory);
  return finding;
}

}  // namespace hfoffline
