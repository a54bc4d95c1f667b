#include "shim/locate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>

#include "core/path.h"
#include "core/policy.h"
#include "core/text.h"
#include "shim/own_descriptor.h"
#include "shim/path_text.h"
#include "shim/policy_source.h"

namespace hfoffline::shim {
namespace {

constexpr int kMaximumLinks = 40;  // the kernel's own limit
constexpr std::size_t kPathBytes = 4096;

bool is_directory(const sys::Stat& status) { return S_ISDIR(status.mode); }

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
  if (tree != kOutside && sys::stat("/", &status) == 0) set_root_in_tree(sys::id_of(status), tree);
}

void forget_root() { forget_texts(); }

}  // namespace hfoffline::shim
