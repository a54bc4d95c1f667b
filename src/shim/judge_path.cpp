#include "shim/judge_path.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#if !defined(__APPLE__)
#include <sys/xattr.h>
#endif
#include <unistd.h>

#include "core/path.h"
#include "core/policy.h"
#include "core/read_only.h"
#include "core/sys.h"
#include "core/text.h"
#include "shim/descriptor_link.h"
#include "shim/judge_exec.h"
#include "shim/locate.h"
#include "shim/mapping.h"
#include "shim/policy_source.h"
#include "shim/refusal.h"

namespace hfoffline::shim {
namespace {

constexpr std::size_t kTargetBytes = 4096 + 1024;
struct TargetText {
  char text[kTargetBytes];
  char base[4096];
};

// The path as the program gave it, made absolute as far as that is cheap to say.
std::string_view absolute_target(int directory, const char* path, TargetText& memory) {
  Appender out(memory.text);
  if (path[0] != '/') {
#if defined(__APPLE__)
    const long length = directory == AT_FDCWD
                            ? sys::getcwd(memory.base, sizeof(memory.base))
                            : sys::path_of(directory, memory.base, sizeof(memory.base));
    if (length > 1) out.add(memory.base).add_byte('/');
#else
    char link[32];
    Appender name(link);
    if (directory == AT_FDCWD) {
      name.add("/proc/self/cwd");
    } else {
      name.add("/proc/self/fd/").add_signed(directory);
    }
    const long length = sys::readlinkat(AT_FDCWD, name.c_str(), memory.base, sizeof(memory.base));
    if (length > 0) out.add({memory.base, static_cast<std::size_t>(length)}).add_byte('/');
#endif
  }
  return out.add(path).view();
}

void report_write(std::uint64_t key, const char* operation, int tree, std::string_view target,
                  int error) {
  Refusal refusal;
  refusal.reason = Reason::protected_tree;
  refusal.operation = operation;
  refusal.target = target;
  const bool audit = policy().audits_writes();
  refusal.error = audit ? 0 : error;
  refusal.verdict = audit ? "audit" : "refuse";
  refusal.rule = policy().text(policy().tree(static_cast<std::size_t>(tree)).rule);
  report(key, refusal);
}

// The same text names another file in another directory.
std::uint64_t hash_of_directory(int directory, const char* path) {
  sys::FileId id;
  if (path[0] == '/' || !sys::directory_id(directory, &id)) return 0;
  return id.ino * 0x9e3779b97f4a7c15 + id.dev;
}

// Reports the errors that only a read-only tree gives. Those that a writable one gives as well
// (EEXIST, ENOENT, EACCES, EISDIR) are ordinary answers and no refusals. Where writes are audited,
// the kernel answers.
int answer(const char* operation, int tree, int directory, const char* path, int error) {
  const bool audit = policy().audits_writes();
  if (error != EROFS && error != EXDEV && error != EBUSY) return audit ? 0 : error;
  const std::uint64_t key = refusal_key(operation, path, std::string_view(path).size(),
                                        hash_of_directory(directory, path));
  const int result = audit ? 0 : error;
  if (count_repeated(key, Reason::protected_tree)) return result;
  const Mapped<TargetText> memory;
  report_write(key, operation, tree, memory ? absolute_target(directory, path, *memory) : path,
               error);
  return result;
}

int answer_for_descriptor(const char* operation, int tree, int descriptor, int error) {
  sys::FileId id;
  sys::directory_id(descriptor, &id);
  const std::uint64_t key = refusal_key(operation, &id, sizeof(id), 1);
  const int result = policy().audits_writes() ? 0 : error;
  if (count_repeated(key, Reason::protected_tree)) return result;
  const DescriptorLink link(descriptor);
  std::string_view target(link.text);
  const Mapped<TargetText> memory;
  if (memory) {
#if defined(__APPLE__)
    const long length = sys::path_of(descriptor, memory->text, sizeof(memory->text)) - 1;
#else
    const long length = sys::readlinkat(AT_FDCWD, link.text, memory->text, sizeof(memory->text));
#endif
    if (length > 0) target = {memory->text, static_cast<std::size_t>(length)};
  }
  report_write(key, operation, tree, target, error);
  return result;
}

int write_permission(int directory, const char* path, int access) {
  const long result = sys::faccessat(directory, path, access, sys::kEffectiveIds);
  return result == 0 || result == -ENOSYS || result == -EROFS ? 0 : static_cast<int>(-result);
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

}  // namespace

int judge_open(const char* operation, int directory, const char* path, int flags) {
  if (path == nullptr) return 0;
  const bool exclusive = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
#if defined(__APPLE__)
  constexpr int kKeepsLink = O_NOFOLLOW | O_SYMLINK;  // the second opens the link itself
#else
  constexpr int kKeepsLink = O_NOFOLLOW;
#endif
  const bool keep = (flags & kKeepsLink) != 0 || exclusive;
  Located located = locate(directory, path, keep ? FinalLink::kKeep : FinalLink::kFollow);
  if (located.tree == kOutside) return 0;
  if (located.facts.lookup_error == 0) {
    located.facts.write_error = write_permission(directory, path, access_of(flags));
  }
  return answer(operation, located.tree, directory, path, read_only_open(flags, located.facts));
}

int judge_reopen(const char* operation, int descriptor, int flags) {
  return judge_open(operation, AT_FDCWD, DescriptorLink(descriptor).text, flags);
}

#if !defined(__APPLE__)
std::size_t bytes_of_handle(const void* handle) {
  constexpr std::size_t kHeader = 8;
  constexpr std::uint32_t kMost = 128;  // MAX_HANDLE_SZ
  std::uint32_t size = 0;
  if (handle != nullptr) __builtin_memcpy(&size, handle, sizeof(size));
  return kHeader + (size <= kMost ? size : 0);
}

int judge_open_by_handle(int mount, void* handle, int flags) {
  if (!open_can_write(flags)) return 0;
  const long found = sys::call(SYS_open_by_handle_at, mount, sys::word(handle), O_PATH | O_CLOEXEC);
  if (found < 0) return 0;
  const int error = judge_reopen("open_by_handle_at", static_cast<int>(found), flags);
  sys::close(static_cast<int>(found));
  return error;
}
#endif

int judge_make_directory(const char* operation, int directory, const char* path) {
  if (path == nullptr) return 0;
  const Located located = locate(directory, path, FinalLink::kNameOnly);
  if (located.tree == kOutside) return 0;
  return answer(operation, located.tree, directory, path, read_only_make_directory(located.facts));
}

int judge_make_file(const char* operation, int directory, const char* path) {
  if (path == nullptr) return 0;
  const Located located = locate(directory, path, FinalLink::kNameOnly);
  if (located.tree == kOutside) return 0;
  return answer(operation, located.tree, directory, path, read_only_make_file(located.facts));
}

// The text of a symbolic link may be anything but empty.
int judge_symbolic_link(const char* operation, const char* text, int directory, const char* path) {
  return text == nullptr || *text == '\0' ? 0 : judge_make_file(operation, directory, path);
}

// Which kinds of files may not be made this way at all is said before the path is looked at.
int judge_node(const char* operation, int directory, const char* path, unsigned mode) {
  const unsigned type = mode & S_IFMT;
  const bool known = type == 0 || type == S_IFREG || type == S_IFCHR || type == S_IFBLK ||
                     type == S_IFIFO || type == S_IFSOCK;
  return known ? judge_make_file(operation, directory, path) : 0;
}

int judge_make_temporary(const char* operation, const char* pattern) {
  const Located located = locate(AT_FDCWD, pattern, FinalLink::kNameOnly);
  if (located.tree == kOutside || located.facts.is_tree_root) return 0;
  // What is called as the pattern itself is not in the way.
  const int error = located.facts.lookup_error;
  return answer(operation, located.tree, AT_FDCWD, pattern,
                error != 0 && error != ENOENT ? error : EROFS);
}

int judge_link(const char* operation, int old_directory, const char* old_path, int new_directory,
               const char* new_path, int flags) {
  if ((flags & ~(AT_SYMLINK_FOLLOW | kEmptyPathFlag)) != 0) return 0;
  if (old_path == nullptr || new_path == nullptr) return 0;
  Located from;
  if (names_descriptor(old_path, flags)) {
    from.tree = locate_descriptor(old_directory);
    from.resolved = true;
  } else {
    from = locate(old_directory, old_path,
                  (flags & AT_SYMLINK_FOLLOW) != 0 ? FinalLink::kFollow : FinalLink::kKeep);
  }
  const Located to = locate(new_directory, new_path, FinalLink::kNameOnly);
  // What the kernel looks up first fails by itself: a missing file, a name that is taken, no
  // directory.
  if (!from.resolved || from.facts.lookup_error != 0 || !to.resolved) return 0;
  if (to.tree != kOutside) {
    return answer(operation, to.tree, new_directory, new_path, read_only_make_file(to.facts));
  }
  const bool nothing_there = to.facts.lookup_error == ENOENT && !to.facts.trailing_slash;
  if (from.tree == kOutside || !nothing_there) return 0;
  return answer(operation, from.tree, old_directory, old_path, EXDEV);
}

int judge_remove_file(const char* operation, int directory, const char* path) {
  if (path == nullptr) return 0;
  const Located located = locate(directory, path, FinalLink::kNameOnly);
  // The tree itself is a mount point in a writable directory: the kernel says EISDIR by itself.
  if (located.tree == kOutside || located.facts.is_tree_root) return 0;
  return answer(operation, located.tree, directory, path, read_only_remove_file(located.facts));
}

int judge_remove_directory(const char* operation, int directory, const char* path) {
  if (path == nullptr) return 0;
  const Located located = locate(directory, path, FinalLink::kNameOnly);
  // Who may not change the directory that holds the tree is told so first, by the kernel.
  if (located.tree == kOutside || located.facts.parent_write_error != 0) return 0;
  const int error = located.facts.is_tree_root ? EBUSY : read_only_remove_directory(located.facts);
  return answer(operation, located.tree, directory, path, error);
}

namespace {

constexpr unsigned kNoReplace = 1;  // RENAME_NOREPLACE
constexpr unsigned kExchange = 2;   // RENAME_EXCHANGE

bool exists(const Located& located) { return located.facts.lookup_error == 0; }
bool is_directory(const Located& located) { return exists(located) && S_ISDIR(located.facts.mode); }

// One side is the tree itself, a mount point in a writable directory: EBUSY, after what the kernel
// finds first by itself.
int rename_of_tree_root(const Located& from, const Located& to, unsigned flags) {
  if (from.facts.parent_write_error != 0 || to.facts.parent_write_error != 0) return 0;
  if (!exists(from) || ((flags & kNoReplace) != 0 && exists(to)) ||
      ((flags & kExchange) != 0 && !exists(to)))
    return 0;
  if (exists(to) && (flags & kExchange) == 0 && is_directory(from) != is_directory(to)) return 0;
  return EBUSY;
}

int rename_error(const Located& from, const Located& to, unsigned flags) {
  // The directory that holds the tree is outside of it: renaming the tree is renaming a mount
  // point.
  const int from_mount = from.facts.is_tree_root ? kOutside : from.tree;
  const int to_mount = to.facts.is_tree_root ? kOutside : to.tree;
  if (from_mount != to_mount) return EXDEV;
  if (from_mount == kOutside) return rename_of_tree_root(from, to, flags);
  if (from.facts.last != LastComponent::kNormal) return EBUSY;
  if (to.facts.last != LastComponent::kNormal) return (flags & kNoReplace) != 0 ? EEXIST : EBUSY;
  return EROFS;
}

// As far as permissions go: may this name be given to something else?
__attribute__((noinline)) bool may_change_parent(int directory, const char* path) {
  char text[4096];
  Appender parent(text);
  parent.add(split_path(path).parent);
  if (parent.size() == 0) parent.add_byte('.');
  parent.c_str();
  return !parent.overflowed() &&
         sys::faccessat(directory, text, W_OK | X_OK, sys::kEffectiveIds) == 0;
}

// The tree below a directory that would be renamed, or kOutside. A mount would move along and stay
// read-only. We know trees by their text, in every process of the run, so the directory stays where
// it is, as a tree itself does.
int tree_that_would_move(int directory, const char* path, const Located& located) {
  if (!located.resolved || !is_directory(located)) return kOutside;
  const int tree = tree_below(located.id);
  return tree == kOutside || !may_change_parent(directory, path) ? kOutside : tree;
}

}  // namespace

int judge_rename(const char* operation, int old_directory, const char* old_path, int new_directory,
                 const char* new_path, unsigned flags) {
  if (old_path == nullptr || new_path == nullptr) return 0;
  const Located from = locate(old_directory, old_path, FinalLink::kNameOnly);
  const Located to = locate(new_directory, new_path, FinalLink::kNameOnly);
  // A missing directory on either side is found before anything else.
  if (!from.resolved || !to.resolved) return 0;
  if (from.tree == kOutside && to.tree == kOutside) {
    if (exists(to) && from.id == to.id) return 0;
    const int moved = tree_that_would_move(old_directory, old_path, from);
    if (moved != kOutside) {
      return answer(operation, moved, old_directory, old_path,
                    rename_of_tree_root(from, to, flags));
    }
    const int exchanged =
        (flags & kExchange) != 0 ? tree_that_would_move(new_directory, new_path, to) : kOutside;
    return exchanged == kOutside ? 0
                                 : answer(operation, exchanged, new_directory, new_path,
                                          rename_of_tree_root(from, to, flags));
  }
  const int error = rename_error(from, to, flags);
  if (to.tree != kOutside) return answer(operation, to.tree, new_directory, new_path, error);
  return answer(operation, from.tree, old_directory, old_path, error);
}

int judge_truncate(const char* operation, const char* path) {
  if (path == nullptr) return 0;
  Located located = locate(AT_FDCWD, path, FinalLink::kFollow);
  if (located.tree == kOutside) return 0;
  if (located.facts.lookup_error == 0)
    located.facts.write_error = write_permission(AT_FDCWD, path, W_OK);
  return answer(operation, located.tree, AT_FDCWD, path, read_only_truncate(located.facts));
}

int judge_mode(const char* operation, int directory, const char* path, bool follow) {
  if (path == nullptr) return 0;
  const Located located = locate(directory, path, follow ? FinalLink::kFollow : FinalLink::kKeep);
  if (located.tree == kOutside) return 0;
  // A link has no mode of its own: libc says EOPNOTSUPP before the kernel is asked.
  if (!follow && exists(located) && S_ISLNK(located.facts.mode)) return 0;
  return answer(operation, located.tree, directory, path, read_only_change_metadata(located.facts));
}

int judge_metadata(const char* operation, int directory, const char* path, bool follow) {
  if (path == nullptr) return 0;
  const Located located = locate(directory, path, follow ? FinalLink::kFollow : FinalLink::kKeep);
  if (located.tree == kOutside) return 0;
  return answer(operation, located.tree, directory, path, read_only_change_metadata(located.facts));
}

int judge_metadata_of_file(const char* operation, int descriptor) {
  const int tree = locate_descriptor(descriptor);
  return tree == kOutside ? 0 : answer_for_descriptor(operation, tree, descriptor, EROFS);
}

int judge_metadata_at(const char* operation, int directory, const char* path, int flags) {
  if (names_descriptor(path, flags)) return judge_metadata_of_file(operation, directory);
  return judge_metadata(operation, directory, path, (flags & AT_SYMLINK_NOFOLLOW) == 0);
}

int judge_owner_at(const char* operation, int directory, const char* path, int flags) {
  const bool unknown = (flags & ~(AT_SYMLINK_NOFOLLOW | kEmptyPathFlag)) != 0;
  return unknown ? 0 : judge_metadata_at(operation, directory, path, flags);
}

bool attribute_is_wrong(const char* name, std::size_t size, int flags) {
#if defined(__APPLE__)
  // More flags and larger values are taken there; which is the kernel's to know.
  constexpr std::size_t kLongestName = 127;
  constexpr std::size_t kLargestValue = SIZE_MAX;
  constexpr int kKnownFlags = -1;
#else
  constexpr std::size_t kLongestName = 255;  // XATTR_NAME_MAX
  constexpr std::size_t kLargestValue = 65536;
  constexpr int kKnownFlags = XATTR_CREATE | XATTR_REPLACE;
#endif
  if (name == nullptr || (flags & ~kKnownFlags) != 0) return true;
  std::size_t length = 0;
  while (length <= kLongestName && name[length] != '\0') ++length;
  return length == 0 || length > kLongestName || size > kLargestValue;
}

int judge_metadata_of_descriptor(const char* operation, int descriptor) {
  const int tree = locate_descriptor(descriptor);
  if (tree == kOutside) return 0;
  // A descriptor that only names a file (O_PATH) is refused by the kernel with EBADF.
  const long flags = sys::fcntl(descriptor, F_GETFL);
  if (flags < 0 || (flags & kOpenPathOnly) != 0) return 0;
  return answer_for_descriptor(operation, tree, descriptor, EROFS);
}

int judge_writable_descriptor(const char* operation, int descriptor) {
  const long flags = sys::fcntl(descriptor, F_GETFL);
  if (flags < 0 || (flags & kOpenPathOnly) != 0 || (flags & O_ACCMODE) == O_RDONLY) return 0;
  sys::Stat status;
  if (sys::fstat(descriptor, &status) != 0 || !S_ISREG(status.mode)) return 0;
  const int tree = locate_descriptor(descriptor);
  return tree == kOutside ? 0 : answer_for_descriptor(operation, tree, descriptor, EROFS);
}

int judge_write_access(int directory, const char* path, bool follow, bool empty_path) {
  if (path == nullptr || policy().audits_writes()) return 0;
  if (empty_path && path[0] == '\0') return locate_descriptor(directory) == kOutside ? 0 : EROFS;
  if (is_surely_outside(directory, path)) return 0;
  const Located located = locate(directory, path, follow ? FinalLink::kFollow : FinalLink::kKeep);
  if (located.tree == kOutside) return 0;
  const std::uint32_t mode = located.facts.mode;
  return S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode) || S_ISSOCK(mode) ? 0 : EROFS;
}

}  // namespace hfoffline::shim
