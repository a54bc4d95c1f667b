#include "shim/locate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>

#include "core/path.h"
#include "core/policy.h"
#include "core/text.h"
#include "shim/policy_source.h"

namespace hfoffline::shim {
namespace {

constexpr int kPathOnly = O_PATH | O_CLOEXEC;
constexpr int kNoFollow = AT_SYMLINK_NOFOLLOW;
constexpr int kEmptyPath = 0x1000;  // AT_EMPTY_PATH
constexpr int kMaximumLinks = 40;   // the kernel's own limit
constexpr std::size_t kPathBytes = 4096;

// A descriptor of ours that is closed at the end of the block.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(long number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(-1); }
  void reset(long number) {
    if (number_ >= 0) sys::close(static_cast<int>(number_));
    number_ = number;
  }
  bool ok() const { return number_ >= 0; }
  int error() const { return static_cast<int>(-number_); }
  int get() const { return static_cast<int>(number_); }
  long release() {
    const long number = number_;
    number_ = -1;
    return number;
  }

 private:
  long number_ = -1;
};

// Directories known to be outside every tree. Nothing can be moved into a protected tree, so what
// is outside stays outside. One word per entry: a torn read is impossible, a collision improbable
// (64 bits).
constexpr std::size_t kKnown = 256;
std::uint64_t known_outside[kKnown];
std::uint64_t known_unrelated[kKnown];  // outside, and not above a tree either

std::uint64_t fingerprint(const sys::FileId& id) {
  std::uint64_t hash = id.ino * 0x9e3779b97f4a7c15 ^ (id.dev + 0x7f4a7c15) * 0xc2b2ae3d27d4eb4f;
  hash ^= hash >> 29;
  hash *= 0xbf58476d1ce4e5b9;
  return (hash ^ (hash >> 32)) | 1;
}
bool is_known(const std::uint64_t* table, std::uint64_t print) {
  return __atomic_load_n(&table[(print >> 8) & (kKnown - 1)], __ATOMIC_RELAXED) == print;
}
void remember(std::uint64_t* table, std::uint64_t print) {
  __atomic_store_n(&table[(print >> 8) & (kKnown - 1)], print, __ATOMIC_RELAXED);
}

int tree_with(const sys::FileId& id) {
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    if (policy().tree(i).inode == id.ino && policy().tree(i).device == id.dev)
      return static_cast<int>(i);
  }
  return kOutside;
}

// A tree by the name that the kernel tells for a file.
int tree_of_name(std::string_view name) {
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    if (lexically_below(name, policy().text(policy().tree(i).path))) return static_cast<int>(i);
  }
  return kOutside;
}

// Reads what `link` leads to into `text` and ends it with a NUL; 0 if it does not fit or is no
// absolute path.
std::size_t read_absolute_link(int directory, const char* link, char* text, std::size_t size) {
  const long length = sys::readlinkat(directory, link, text, size);
  if (length <= 0 || static_cast<std::size_t>(length) >= size || text[0] != '/') return 0;
  text[length] = '\0';
  return static_cast<std::size_t>(length);
}

// "/proc/self/fd/7"
struct DescriptorLink {
  explicit DescriptorLink(int descriptor) {
    Appender(text).add("/proc/self/fd/").add_signed(descriptor).c_str();
  }
  char text[32];
};

// Without the right to search a directory its ".." is out of reach, but the kernel still knows its
// name.
__attribute__((noinline)) int tree_of_named_directory(int directory) {
  char text[kPathBytes];
  const DescriptorLink link(directory);
  const char* path = directory == sys::kCurrentDirectory ? "/proc/self/cwd" : link.text;
  return tree_of_name({text, read_absolute_link(sys::kCurrentDirectory, path, text, sizeof(text))});
}

// Goes up from a directory until a tree's root or "/" is reached. Each step is one system call:
// "..", "../..", ... The directory is `base`, or `start` below it where no descriptor was to be
// had.
template <std::size_t kBytes>
__attribute__((noinline)) int climb(int base, std::string_view start) {
  constexpr std::size_t kStepBytes = 4;  // "../" and a NUL
  char text[kBytes];
  Appender path(text);
  path.add(start).c_str();
  sys::Stat status;
  if (path.overflowed() || sys::fstatat(base, text, &status, start.empty() ? kEmptyPath : 0) != 0)
    return kOutside;
  const std::uint64_t print = fingerprint(sys::id_of(status));
  if (is_known(known_outside, print)) return kOutside;
  int tree = tree_with(sys::id_of(status));
  sys::FileId below = sys::id_of(status);
  if (!start.empty()) path.add_byte('/');
  Descriptor hop;
  for (;;) {
    while (tree == kOutside && path.room() >= kStepBytes) {
      path.add("../").c_str();
      const long result = sys::fstatat(base, text, &status);
      if (result == -EACCES && start.empty()) return tree_of_named_directory(base);
      if (result != 0) return kOutside;
      const sys::FileId here = sys::id_of(status);
      if (here == below) {
        remember(known_outside, print);
        return kOutside;
      }
      tree = tree_with(here);
      below = here;
    }
    if (tree != kOutside) return tree;
    Descriptor next(sys::openat(base, text, kPathOnly | O_DIRECTORY));
    if (!next.ok()) return kOutside;
    hop.reset(next.release());
    base = hop.get();
    path.truncate(0);
  }
}

int tree_above(int directory) { return climb<200>(directory, {}); }
// Where no descriptor is left: longer texts do the same.
int tree_above_path(int directory, const char* path) { return climb<kPathBytes>(directory, path); }

bool is_directory(const sys::Stat& status) { return S_ISDIR(status.mode); }

// No descriptor is left for us: the program's own opens fail then, but unlink, rename or chmod need
// none.
bool lacks_descriptors(const Descriptor& descriptor) {
  return descriptor.error() == EMFILE || descriptor.error() == ENFILE;
}

// A file that is not a directory has no "..": its path, as the kernel tells it, leads to its
// directory. If that is no longer the same file (deleted, renamed meanwhile), the text alone
// decides. -2: the path is longer than kBytes.
constexpr int kTooLong = -2;
template <std::size_t kBytes>
__attribute__((noinline)) int tree_of_linked_file(int directory, const char* link,
                                                  const sys::Stat& status) {
  char text[kBytes];
  const std::size_t length = read_absolute_link(directory, link, text, sizeof(text));
  if (length == 0) return kTooLong;
  const SplitPath split = split_path({text, length});
  char* parent_end = text + (split.last.data() - text);
  sys::Stat now;
  if (sys::fstatat(sys::kCurrentDirectory, text, &now, kNoFollow) != 0 ||
      !(sys::id_of(now) == sys::id_of(status))) {
    return tree_of_name({text, length});
  }
  *parent_end = '\0';  // "/a/b/c" -> "/a/b/"
  const Descriptor parent(sys::open(text, kPathOnly | O_DIRECTORY));
  if (parent.ok()) return tree_above(parent.get());
  return lacks_descriptors(parent) ? tree_above_path(sys::kCurrentDirectory, text) : kOutside;
}

int tree_of_file(int directory, const char* link, const sys::Stat& status) {
  int tree = tree_of_linked_file<512>(directory, link, status);
  if (tree == kTooLong) tree = tree_of_linked_file<kPathBytes>(directory, link, status);
  return tree == kTooLong ? kOutside : tree;
}

int tree_of_open(int descriptor, const sys::Stat& status) {
  if (is_directory(status)) return tree_above(descriptor);
  return tree_of_file(sys::kCurrentDirectory, DescriptorLink(descriptor).text, status);
}

LastComponent kind_of_last(std::string_view last) {
  if (last.empty()) return LastComponent::kRoot;
  if (last == ".") return LastComponent::kDot;
  return last == ".." ? LastComponent::kDotDot : LastComponent::kNormal;
}

// The path names a directory or a magic link: open it as a whole.
Located locate_whole(int directory, const char* path, LastComponent last) {
  Located result;
  result.facts.last = last;
  const Descriptor target(sys::openat(directory, path, kPathOnly));
  sys::Stat status;
  if (target.ok()) {
    if (sys::fstat(target.get(), &status) != 0) return result;
    result.tree = tree_of_open(target.get(), status);
  } else {
    if (!lacks_descriptors(target) || sys::fstatat(directory, path, &status) != 0) return result;
    result.tree = is_directory(status) ? tree_above_path(directory, path)
                                       : tree_of_file(directory, path, status);
  }
  result.resolved = true;
  if (result.tree != kOutside) result.facts.mode = status.mode;
  return result;
}

// Reading a wild pointer would kill the program where the kernel says EFAULT. This call copies the
// path in, and fails for its empty second path before it does anything.
bool is_readable(const char* path) {
  return sys::call(SYS_symlinkat, sys::word(path), -1, sys::word("")) != -EFAULT;
}

bool follows_link(FinalLink final_link, bool trailing_slash) {
  return final_link == FinalLink::kFollow || (final_link == FinalLink::kKeep && trailing_slash);
}

// The directory that holds a path's last component: open, or as a path below `base` where no
// descriptor was to be had.
struct Parent {
  int base;
  const char* path;  // "" if `base` is the directory itself
  const char* name;  // of the last component, from `base`
};

bool is_open_on_proc(int directory) {
  // struct statfs starts with its type on both architectures.
  long buffer[32];
  return sys::call(SYS_fstatfs, directory, sys::word(buffer)) == 0 && buffer[0] == PROC_SUPER_MAGIC;
}

bool is_on_proc(const Parent& parent) {
  if (parent.path[0] == '\0') return is_open_on_proc(parent.base);
  sys::Stat here;
  sys::Stat proc;
  return sys::fstatat(parent.base, parent.path, &here) == 0 && sys::stat("/proc", &proc) == 0 &&
         here.dev == proc.dev;
}

// For a plain path; ends at the first byte that differs, which is nearly always the second or
// third.
bool starts_with_tree(const char* path, std::string_view tree) {
  std::size_t i = 0;
  while (i < tree.size() && path[i] == tree[i]) ++i;
  return i == tree.size() && (path[i] == '\0' || path[i] == '/' || tree == "/");
}

std::uint32_t root_state;  // 0: not compared, 1: the policy's, 2: another

// Outside of every tree and above none: a path without ".." that starts here cannot lead into one.
bool is_unrelated_directory(int directory, const sys::FileId& here) {
  sys::Stat status;
  Descriptor opened(sys::openat(directory, ".", kPathOnly | O_DIRECTORY));
  if (!opened.ok() || tree_above(opened.get()) != kOutside) return false;
  // Above a tree? Then a path without ".." may still lead down into it.
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    Descriptor tree(sys::open(policy().c_str(policy().tree(i).path), kPathOnly | O_DIRECTORY));
    if (!tree.ok()) return false;
    char dots[512];
    Appender up(dots);
    sys::FileId below;
    for (;;) {
      if (up.room() < 4) return false;
      up.add("../");
      dots[up.size()] = '\0';
      if (sys::fstatat(tree.get(), dots, &status) != 0) return false;
      if (sys::id_of(status) == here) return false;
      if (sys::id_of(status) == below) break;
      below = sys::id_of(status);
    }
  }
  return true;
}

// Memory that lives until the calling function returns: paths are short, stacks may be, too.
#define STACK_TEXT(size) static_cast<char*>(__builtin_alloca(size))
// Hidden from the compiler, which would otherwise take so much of the stack in every call.
std::size_t longest_path() {
  std::size_t size = kPathBytes;
  __asm__("" : "+r"(size));
  return size;
}

}  // namespace

Located locate(int directory, const char* path, FinalLink final_link) {
  Located result;
  if (!is_readable(path)) return result;
  Descriptor holder;
  for (int links = 0; links <= kMaximumLinks; ++links) {
    const std::string_view whole(path);
    if (whole.empty() || whole.size() >= kPathBytes) return result;
    const SplitPath split = split_path(whole);
    const LastComponent last = kind_of_last(split.last);
    if (last != LastComponent::kNormal) return locate_whole(directory, path, last);

    const std::string_view parent_text =
        split.parent.empty() ? std::string_view(".") : split.parent;
    const std::size_t bytes = parent_text.size() + split.last.size() + 3;
    char* parent_path = STACK_TEXT(bytes);
    Appender(parent_path, bytes).add(parent_text).c_str();
    char* name = parent_path + parent_text.size() + 1;
    Appender(name, split.last.size() + 1).add(split.last).c_str();
    Descriptor opened(sys::openat(directory, parent_path, kPathOnly | O_DIRECTORY));
    Parent parent = {opened.get(), "", name};
    sys::Stat status = {};
    if (!opened.ok()) {
      if (!lacks_descriptors(opened)) return result;
      if (sys::fstatat(directory, parent_path, &status) != 0 || !is_directory(status))
        return result;
      char* joined = STACK_TEXT(bytes);
      Appender(joined, bytes).add(parent_text).add_byte('/').add(split.last).c_str();
      parent = {directory, parent_path, joined};
    }

    const long found = sys::fstatat(parent.base, parent.name, &status, kNoFollow);
    // A directory that may not be searched: the kernel refuses by itself.
    if (found == -EACCES) return result;
    result.resolved = true;
    result.facts = {};
    result.facts.trailing_slash = split.trailing_slash;
    if (found == 0 && S_ISLNK(status.mode) && follows_link(final_link, split.trailing_slash)) {
      // A link of /proc is not its text: the kernel jumps to the file itself.
      if (is_on_proc(parent)) return locate_whole(parent.base, parent.name, LastComponent::kNormal);
      // Some file systems tell no size or a wrong one.
      std::size_t room = status.size < kPathBytes ? status.size + 1 : kPathBytes;
      char* text = STACK_TEXT(room + 2);
      long length = sys::readlinkat(parent.base, parent.name, text, room);
      if (length == static_cast<long>(room) && room < kPathBytes) {
        text = STACK_TEXT(longest_path() + 2);
        length = sys::readlinkat(parent.base, parent.name, text, kPathBytes);
      }
      if (length <= 0) return result;
      if (split.trailing_slash) text[length++] = '/';
      text[length] = '\0';
      path = text;
      if (opened.ok()) {
        holder.reset(opened.release());
        directory = holder.get();
      } else if (text[0] != '/') {
        const std::size_t joined_bytes = parent_text.size() + static_cast<std::size_t>(length) + 2;
        char* joined = STACK_TEXT(joined_bytes);
        Appender(joined, joined_bytes).add(parent_text).add_byte('/').add(text).c_str();
        path = joined;
      }
      continue;
    }
    if (found == 0 && is_directory(status)) {
      const int root = tree_with(sys::id_of(status));
      if (root != kOutside) {
        result.tree = root;
        result.facts.is_tree_root = true;
        const long allowed = sys::faccessat(parent.base, parent.path[0] == '\0' ? "." : parent.path,
                                            2 | 1 /* write, search */, 0x200 /* AT_EACCESS */);
        result.facts.parent_write_error = allowed < 0 ? static_cast<int>(-allowed) : 0;
      }
    }
    if (result.tree == kOutside) {
      result.tree = parent.path[0] == '\0' ? tree_above(parent.base)
                                           : tree_above_path(parent.base, parent.path);
    }
    result.facts.lookup_error = found < 0 ? static_cast<int>(-found) : 0;
    result.facts.mode = found == 0 ? status.mode : 0;
    if (found == 0 && split.trailing_slash && final_link != FinalLink::kNameOnly &&
        !is_directory(status))
      result.facts.lookup_error = ENOTDIR;
    return result;
  }
  return result;
}

int locate_descriptor(int descriptor) {
  sys::Stat status;
  if (policy().tree_count() == 0 || sys::fstat(descriptor, &status) != 0) return kOutside;
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    if (policy().tree(i).device == status.dev) return tree_of_open(descriptor, status);
  }
  return kOutside;
}

bool is_lexically_outside(const char* path) {
  std::uint32_t state = __atomic_load_n(&root_state, __ATOMIC_RELAXED);
  if (state == 0) {
    sys::Stat status;
    const bool same = sys::stat("/", &status) == 0 && status.dev == policy().header().root_device &&
                      status.ino == policy().header().root_inode;
    state = same ? 1 : 2;
    __atomic_store_n(&root_state, state, __ATOMIC_RELAXED);
  }
  if (state != 1 || !is_plain(path)) return false;
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    if (starts_with_tree(path, policy().text(policy().tree(i).path))) return false;
  }
  return true;
}

// What is known of the working directory: 0 nothing, 1 it is unrelated to trees, 2 it must be asked
// for each time, because a vfork child or a thread with a directory of its own may share this
// memory.
std::uint32_t directory_state;
long main_process;  // 0: not known, nothing is remembered

bool is_beneath_unrelated_directory(int directory, const char* path) {
  if (path[0] == '.' || !is_plain(path)) return false;
  const bool current = directory == sys::kCurrentDirectory;
  const std::uint32_t start = current ? __atomic_load_n(&directory_state, __ATOMIC_RELAXED) : 2;
  if (start == 1) return true;
  sys::FileId here;
  if (!sys::directory_id(directory, &here)) return false;
  const std::uint64_t print = fingerprint(here);
  if (!is_known(known_unrelated, print)) {
    if (!is_unrelated_directory(directory, here)) return false;
    remember(known_unrelated, print);
  }
  if (start == 0) {
    std::uint32_t unseen = 0;
    __atomic_compare_exchange_n(&directory_state, &unseen, 1, false, __ATOMIC_RELAXED,
                                __ATOMIC_RELAXED);
  }
  return true;
}

void forget_root() {
  __atomic_store_n(&root_state, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&directory_state, 2, __ATOMIC_RELAXED);
}

void forget_directory() {
  // In a vfork child this is the parent's memory, and the parent's directory has not changed.
  const bool own = main_process != 0 && sys::getpid() == main_process;
  if (__atomic_load_n(&directory_state, __ATOMIC_RELAXED) != 2) {
    __atomic_store_n(&directory_state, own ? 0 : 2, __ATOMIC_RELAXED);
  }
}

void remember_process() { main_process = sys::getpid(); }

}  // namespace hfoffline::shim
