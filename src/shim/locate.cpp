#include "shim/locate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>

#include "core/path.h"
#include "core/policy.h"
#include "core/text.h"
#include "shim/descriptor_link.h"
#include "shim/policy_source.h"

namespace hfoffline::shim {
namespace {

constexpr int kPathOnly = O_PATH | O_CLOEXEC;
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

// Directories known to be outside every tree, by device, inode and mount: a directory inside may be
// mounted outside as well, and is another one there. Nothing can be moved into a protected tree, so
// what is outside stays outside. One word per entry: a torn read is impossible, a collision
// improbable (64 bits).
constexpr std::size_t kKnown = 256;
std::uint64_t known_outside[kKnown];
std::uint64_t known_unrelated[kKnown];  // outside, and not above a tree either

std::uint64_t fingerprint(const sys::Stat& status) {
  std::uint64_t hash = status.ino * 0x9e3779b97f4a7c15 ^
                       (status.dev + 0x7f4a7c15) * 0xc2b2ae3d27d4eb4f ^
                       status.mount * 0xd6e8feb86659fd93;
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

// The root directory of this process where it lies in a tree, after a chroot. By its identity,
// since a vfork child shares this memory and may have another root.
sys::FileId root_in_tree;
int tree_of_root = kOutside;

int tree_with_root(const sys::FileId& root) {
  return tree_of_root != kOutside && root == root_in_tree ? tree_of_root : kOutside;
}

// Reads what `link` leads to into `text` and ends it with a NUL; 0 if it does not fit or is no
// absolute path.
std::size_t read_absolute_link(int directory, const char* link, char* text, std::size_t size) {
  const long length = sys::readlinkat(directory, link, text, size);
  if (length <= 0 || static_cast<std::size_t>(length) >= size || text[0] != '/') return 0;
  text[length] = '\0';
  return static_cast<std::size_t>(length);
}

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
  const std::uint64_t print = fingerprint(status);
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
        tree = tree_with_root(here);
        if (tree == kOutside) remember(known_outside, print);
        return tree;
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

// No descriptor is left for us, or a seccomp filter lets nobody open anything: the program's own
// opens fail then, but unlink, rename or chmod need none.
bool lacks_descriptors(const Descriptor& descriptor) {
  return descriptor.error() == EMFILE || descriptor.error() == ENFILE ||
         sys::may_be_a_filter(-descriptor.error());
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
  if (sys::fstatat(sys::kCurrentDirectory, text, &now, sys::kNoFollow) != 0 ||
      !(sys::id_of(now) == sys::id_of(status))) {
    return tree_of_name({text, length});
  }
  *parent_end = '\0';  // "/a/b/c" -> "/a/b/"
  if (sys::stat(text, &now) == 0 && is_known(known_outside, fingerprint(now))) return kOutside;
  const Descriptor parent(sys::open(text, kPathOnly | O_DIRECTORY));
  if (parent.ok()) return tree_above(parent.get());
  return lacks_descriptors(parent) ? tree_above_path(sys::kCurrentDirectory, text) : kOutside;
}

int tree_of_file(int directory, const char* link, const sys::Stat& status) {
  int tree = tree_of_linked_file<512>(directory, link, status);
  if (tree == kTooLong) tree = tree_of_linked_file<kPathBytes>(directory, link, status);
  if (tree != kTooLong) return tree;
  // A root directory without /proc, which tells nobody where a file is: below it, if in doubt.
  return S_ISREG(status.mode) ? tree_above_path(sys::kCurrentDirectory, "/") : kOutside;
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

std::uint32_t root_state;  // 0: not looked at, 1: texts_are_true(), 2: they are not

}  // namespace

namespace {

// Goes up from a tree to "/", as climb() does, and looks for one directory on the way.
enum class Answer : std::uint8_t { kNo, kYes, kUnknown };
Answer is_above(const sys::FileId& directory, const TreeRow& tree) {
  Descriptor base(sys::open(policy().c_str(tree.path), kPathOnly | O_DIRECTORY));
  sys::Stat status;
  if (!base.ok() || sys::fstat(base.get(), &status) != 0 || status.ino != tree.inode ||
      status.dev != tree.device) {
    return Answer::kUnknown;
  }
  sys::FileId below = sys::id_of(status);
  for (;;) {
    char text[200];
    Appender path(text);
    while (path.room() >= 4) {
      path.add("../").c_str();
      if (sys::fstatat(base.get(), text, &status) != 0) return Answer::kUnknown;
      if (sys::id_of(status) == directory) return Answer::kYes;
      if (sys::id_of(status) == below) return Answer::kNo;
      below = sys::id_of(status);
    }
    Descriptor next(sys::openat(base.get(), text, kPathOnly | O_DIRECTORY));
    if (!next.ok()) return Answer::kUnknown;
    base.reset(next.release());
  }
}

}  // namespace

int tree_below(const sys::FileId& directory) {
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    if (is_above(directory, policy().tree(i)) == Answer::kYes) return static_cast<int>(i);
  }
  return kOutside;
}

namespace {

// Outside of every tree and above none: a path without ".." that starts here cannot lead into one.
bool is_unrelated_directory(int directory, const sys::FileId& here) {
  const Descriptor opened(sys::openat(directory, ".", kPathOnly | O_DIRECTORY));
  if (!opened.ok() || tree_above(opened.get()) != kOutside) return false;
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    if (is_above(here, policy().tree(i)) != Answer::kNo) return false;
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

    const long found = sys::fstatat(parent.base, parent.name, &status, sys::kNoFollow);
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
                                            2 | 1 /* write, search */, sys::kEffectiveIds);
        result.facts.parent_write_error = allowed < 0 ? static_cast<int>(-allowed) : 0;
      }
    }
    if (result.tree == kOutside) {
      result.tree = parent.path[0] == '\0' ? tree_above(parent.base)
                                           : tree_above_path(parent.base, parent.path);
    }
    result.facts.lookup_error = found < 0 ? static_cast<int>(-found) : 0;
    result.facts.mode = found == 0 ? status.mode : 0;
    if (found == 0) result.id = sys::id_of(status);
    if (found == 0 && split.trailing_slash && final_link != FinalLink::kNameOnly &&
        !is_directory(status))
      result.facts.lookup_error = ENOTDIR;
    return result;
  }
  result.facts.lookup_error = ELOOP;
  return result;
}

int locate_descriptor(int descriptor) {
  sys::Stat status;
  if (policy().tree_count() == 0 || sys::fstat(descriptor, &status) != 0) return kOutside;
  // The device says nothing: another file system may be mounted below a tree, and the files of an
  // overlay are on other devices than its directories.
  return tree_of_open(descriptor, status);
}

// The root is the policy's, and every tree is where its text says: nobody has renamed a directory
// above it since.
namespace {
bool texts_are_true() {
  sys::Stat status;
  if (sys::stat("/", &status) != 0 || status.dev != policy().header().root_device ||
      status.ino != policy().header().root_inode) {
    return false;
  }
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    const TreeRow& tree = policy().tree(i);
    if (sys::stat(policy().c_str(tree.path), &status) != 0 || status.dev != tree.device ||
        status.ino != tree.inode) {
      return false;
    }
  }
  return true;
}
}  // namespace

namespace {

bool texts_were_true() {
  std::uint32_t state = __atomic_load_n(&root_state, __ATOMIC_RELAXED);
  if (state == 0) {
    state = texts_are_true() ? 1 : 2;
    __atomic_store_n(&root_state, state, __ATOMIC_RELAXED);
  }
  return state == 1;
}

// Directories above a tree, by which relative paths can be judged as text: the rest of the tree's
// path is what must not be named. One word per entry: what is left of the fingerprint, the number
// of such a tree, and how much of its path is the directory's own.
constexpr std::size_t kAbove = 16;
constexpr int kLengthBits = 12;
constexpr int kTreeBits = 6;
constexpr std::uint64_t kLengthMask = (1U << kLengthBits) - 1;
constexpr std::uint64_t kTreeMask = (1U << kTreeBits) - 1;
constexpr std::uint64_t kPrintMask = ~0ULL << (kLengthBits + kTreeBits);
std::uint64_t known_above[kAbove];

std::uint64_t& entry_above(std::uint64_t print) {
  return known_above[(print >> (kLengthBits + kTreeBits)) & (kAbove - 1)];
}

std::string_view directory_of_entry(std::uint64_t entry) {
  const TreeRow& tree = policy().tree(entry >> kLengthBits & kTreeMask);
  return slice(policy().text(tree.path), 0, entry & kLengthMask);
}

// What is left of a tree's path below a directory: "" if it is not below it by its text.
std::string_view rest_below(std::string_view tree, std::string_view directory) {
  if (directory == "/") return slice(tree, 1);
  if (!is_at_or_below(tree, directory) || tree.size() == directory.size()) return {};
  return slice(tree, directory.size() + 1);
}

// How many bytes of the tree's path name this directory, on this mount; 0 if none do.
std::size_t length_of_directory(const TreeRow& tree, const sys::Stat& directory) {
  char text[kPathBytes];
  const std::string_view path = policy().text(tree.path);
  for (std::size_t end = 1; end < path.size(); ++end) {
    if (end != 1 && path[end] != '/') continue;
    sys::Stat status;
    Appender prefix(text);
    prefix.add(slice(path, 0, end)).c_str();
    if (prefix.overflowed() || sys::stat(text, &status) != 0) return 0;
    if (fingerprint(status) == fingerprint(directory)) return end;
  }
  return 0;
}

// A tree below the directory without another mount in between: there it has this one name.
bool is_on_mount(const TreeRow& tree, const sys::Stat& directory) {
  sys::Stat status;
  return directory.mount != 0 && sys::stat(policy().c_str(tree.path), &status) == 0 &&
         status.mount == directory.mount && status.ino == tree.inode && status.dev == tree.device;
}

// 0: the directory is above no tree by its text, or that text does not say everything.
__attribute__((noinline)) std::uint64_t learn_above(int directory, const sys::Stat& here) {
  const Descriptor opened(sys::openat(directory, ".", kPathOnly | O_DIRECTORY));
  if (!opened.ok() || tree_above(opened.get()) != kOutside || !texts_were_true()) return 0;
  std::uint64_t entry = 0;
  for (std::size_t i = 0; i < policy().tree_count() && entry == 0; ++i) {
    const std::size_t length = length_of_directory(policy().tree(i), here);
    if (length != 0 && length <= kLengthMask && i <= kTreeMask)
      entry = (fingerprint(here) & kPrintMask) | i << kLengthBits | length;
  }
  if (entry == 0) return 0;
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    const TreeRow& tree = policy().tree(i);
    const bool below = !rest_below(policy().text(tree.path), directory_of_entry(entry)).empty();
    if (below ? !is_on_mount(tree, here) : is_above(sys::id_of(here), tree) != Answer::kNo)
      return 0;
  }
  return entry;
}

bool is_beside_trees(std::uint64_t entry, const char* path) {
  const std::string_view directory = directory_of_entry(entry);
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    const std::string_view rest = rest_below(policy().text(policy().tree(i).path), directory);
    if (!rest.empty() && starts_with_tree(path, rest)) return false;
  }
  return true;
}

}  // namespace

bool is_lexically_outside(const char* path) {
  if (!texts_were_true() || !is_plain(path)) return false;
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    if (starts_with_tree(path, policy().text(policy().tree(i).path))) return false;
  }
  return true;
}

bool is_relatively_outside(int directory, const char* path) {
  if (path[0] == '.' || !is_plain(path)) return false;
  // The working directory, too, is asked for each time: libc changes it without passing a hook
  // (nftw, fts, daemon, file actions of posix_spawn), and a vfork child or a thread of its own may
  // share this memory and not the directory.
  sys::Stat here;
  if (sys::fstat(directory, &here) != 0) return false;
  const std::uint64_t print = fingerprint(here);
  if (is_known(known_unrelated, print)) return true;
  std::uint64_t above = __atomic_load_n(&entry_above(print), __ATOMIC_RELAXED);
  if (above == 0 || (above & kPrintMask) != (print & kPrintMask)) {
    if (is_unrelated_directory(directory, sys::id_of(here))) {
      remember(known_unrelated, print);
      return true;
    }
    above = learn_above(directory, here);
    if (above == 0) return false;
    __atomic_store_n(&entry_above(print), above, __ATOMIC_RELAXED);
  }
  return is_beside_trees(above, path);
}

namespace {
std::uint64_t known_crossing[kKnown];  // texts of directories that a mount lies on the way to

std::uint64_t print_of_directory(const char* path) {
  std::uint64_t hash = 0;
  std::uint64_t parent = 0;
  for (; *path != '\0'; ++path) {
    if (*path == '/') parent = hash;
    hash = (hash ^ static_cast<unsigned char>(*path)) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
  }
  return parent | 1;
}
}  // namespace

bool crosses_mount(const char* path) { return is_known(known_crossing, print_of_directory(path)); }
void remember_crossing(const char* path) { remember(known_crossing, print_of_directory(path)); }

namespace {

bool parent_is_outside(int directory, std::string_view parent) {
  char text[512];
  Appender copy(text);
  sys::Stat status;
  copy.add(parent.empty() ? std::string_view(".") : parent).c_str();
  return !copy.overflowed() && sys::fstatat(directory, text, &status) == 0 &&
         is_known(known_outside, fingerprint(status));
}

}  // namespace

bool is_in_outside_directory(const char* path) {
  return parent_is_outside(sys::kCurrentDirectory, split_path(path).parent);
}

bool is_surely_outside(int directory, const char* path) {
  const SplitPath split = split_path(path);
  sys::Stat status;
  return kind_of_last(split.last) == LastComponent::kNormal && !split.trailing_slash &&
         parent_is_outside(directory, split.parent) &&
         sys::fstatat(directory, path, &status, sys::kNoFollow) == 0 && !S_ISLNK(status.mode) &&
         tree_with(sys::id_of(status)) == kOutside;
}

int tree_of_new_root(const char* path) {
  return path == nullptr ? kOutside : locate(AT_FDCWD, path, FinalLink::kFollow).tree;
}

void remember_root_in(int tree) {
  sys::Stat status;
  if (tree == kOutside || sys::stat("/", &status) != 0) return;
  root_in_tree = sys::id_of(status);
  tree_of_root = tree;
}

void forget_root() {
  __atomic_store_n(&root_state, 0, __ATOMIC_RELAXED);
  for (std::uint64_t& entry : known_above) __atomic_store_n(&entry, 0, __ATOMIC_RELAXED);
}

}  // namespace hfoffline::shim
