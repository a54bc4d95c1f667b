// locate.h for macOS: no O_PATH, no /proc, no openat2. Everything is asked for by path, and a
// descriptor's file is found by the path that the kernel tells for it. What only saves time is left
// out: has_protected_trees() decides for nearly every program that writes at all.
#include "shim/locate.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/path.h"
#include "core/policy.h"
#include "core/text.h"
#include "shim/policy_source.h"

namespace hfoffline::shim {
namespace {

constexpr int kMaximumLinks = 32;                    // MAXSYMLINKS
constexpr std::size_t kPathBytes = MAXPATHLEN + 16;  // longer ones the kernel refuses

// Goes up from a directory, by "..", until a tree's root or "/" is reached. If it cannot be gone up
// (a directory that may not be searched), the kernel's name for it decides.
int tree_above(int base, std::string_view directory) {
  char text[kPathBytes];
  Appender path(text);
  path.add(directory).c_str();
  sys::Stat status;
  if (path.overflowed() || sys::fstatat(base, text, &status) != 0) return kOutside;
  sys::FileId below = sys::id_of(status);
  for (int tree = tree_with(below);;) {
    if (tree != kOutside) return tree;
    const std::size_t length = path.size();
    path.add("/..").c_str();
    // The kernel takes no longer path: from here on, by its own name for the place.
    const bool too_long = path.size() >= MAXPATHLEN;
    if (too_long || sys::fstatat(base, text, &status) != 0) {
      path.truncate(length);
      path.c_str();
      const long opened = sys::openat(base, text, O_EVTONLY | O_DIRECTORY | O_CLOEXEC);
      if (opened < 0) return kOutside;
      char name[MAXPATHLEN];
      const bool told = sys::path_of(static_cast<int>(opened), name, sizeof(name)) > 0;
      sys::close(static_cast<int>(opened));
      return told ? tree_of_name(name) : kOutside;
    }
    const sys::FileId here = sys::id_of(status);
    if (here == below) return tree_with_root(here);
    tree = tree_with(here);
    below = here;
  }
}

// A file by the path that the kernel tells for it, as far as that still leads to it.
int tree_of_open_file(int descriptor, const sys::Stat& status) {
  char name[MAXPATHLEN];
  if (sys::path_of(descriptor, name, sizeof(name)) <= 0) return kOutside;
  if (S_ISDIR(status.mode)) return tree_above(sys::kCurrentDirectory, name);
  sys::Stat now;
  if (sys::fstatat(sys::kCurrentDirectory, name, &now, sys::kNoFollow) != 0 ||
      !(sys::id_of(now) == sys::id_of(status))) {
    return tree_of_name(name);
  }
  const SplitPath split = split_path(name);
  return tree_above(sys::kCurrentDirectory,
                    split.parent.empty() ? std::string_view(".") : split.parent);
}

LastComponent kind_of_last(std::string_view last) {
  if (last.empty()) return LastComponent::kRoot;
  if (last == ".") return LastComponent::kDot;
  return last == ".." ? LastComponent::kDotDot : LastComponent::kNormal;
}

// The path names a directory, or a file that no directory leads to: as a whole.
Located locate_whole(int directory, const char* path, LastComponent last) {
  Located result;
  result.facts.last = last;
  sys::Stat status;
  if (sys::fstatat(directory, path, &status) != 0) return result;
  if (S_ISDIR(status.mode)) {
    result.tree = tree_above(directory, path);
  } else {
    const long opened = sys::openat(directory, path, O_EVTONLY | O_NONBLOCK | O_CLOEXEC);
    if (opened >= 0) {
      result.tree = tree_of_open_file(static_cast<int>(opened), status);
      sys::close(static_cast<int>(opened));
    } else {
      // Nobody tells where it is. On a tree's file system: below it, if in doubt.
      for (std::size_t i = 0; i < policy().tree_count(); ++i) {
        if (policy().tree(i).device == status.dev) result.tree = static_cast<int>(i);
      }
    }
  }
  result.resolved = true;
  result.facts.mode = status.mode;
  result.id = sys::id_of(status);
  return result;
}

// Reading a wild pointer would kill the program where the kernel says EFAULT.
bool is_readable(const char* path) {
  return sys::faccessat(sys::kCurrentDirectory, path, 0, 0) != -EFAULT;
}

bool follows_link(FinalLink final_link, bool trailing_slash) {
  return final_link == FinalLink::kFollow || (final_link == FinalLink::kKeep && trailing_slash);
}

// Two texts that take turns: a link's text is joined to the path of the link.
struct Paths {
  char text[2][kPathBytes];
};

Located locate_by(int directory, const char* path, FinalLink final_link, Paths& paths) {
  Located result;
  for (int links = 0; links <= kMaximumLinks; ++links) {
    const std::string_view whole(path);
    if (whole.empty() || whole.size() >= kPathBytes - 4) return result;
    const SplitPath split = split_path(whole);
    const LastComponent last = kind_of_last(split.last);
    if (last != LastComponent::kNormal) return locate_whole(directory, path, last);

    char parent[kPathBytes];
    Appender parent_text(parent);
    parent_text.add(split.parent.empty() ? std::string_view(".") : split.parent).c_str();
    sys::Stat status;
    if (sys::fstatat(directory, parent, &status) != 0 || !S_ISDIR(status.mode)) {
      // "/.vol/DEVICE/INODE" is a file by its numbers, whose directories are no directories.
      return locate_whole(directory, path, last);
    }
    char plain[kPathBytes];  // without the slash at its end, which would follow a link
    Appender plain_text(plain);
    plain_text.add(split.parent);
    if (!split.parent.empty() && split.parent.back() != '/') plain_text.add_byte('/');
    plain_text.add(split.last).c_str();
    const long found = sys::fstatat(directory, plain, &status, sys::kNoFollow);
    // A directory that may not be searched: the kernel refuses by itself.
    if (found == -EACCES) return result;
    result.resolved = true;
    result.facts = {};
    result.facts.trailing_slash = split.trailing_slash;
    if (found == 0 && S_ISLNK(status.mode) && follows_link(final_link, split.trailing_slash)) {
      char* next = paths.text[links % 2];
      Appender joined(next, kPathBytes);
      char link[kPathBytes];
      const long length = sys::readlinkat(directory, plain, link, sizeof(link) - 1);
      if (length <= 0) return result;
      if (link[0] != '/') joined.add(parent_text.view()).add_byte('/');
      joined.add({link, static_cast<std::size_t>(length)});
      if (split.trailing_slash) joined.add_byte('/');
      joined.c_str();
      // The kernel takes a link of this length where a path of it is too long: as a whole, then.
      if (joined.overflowed() || joined.size() >= MAXPATHLEN)
        return locate_whole(directory, plain, LastComponent::kNormal);
      path = next;
      continue;
    }
    if (found == 0 && S_ISDIR(status.mode)) {
      const int root = tree_with(sys::id_of(status));
      if (root != kOutside) {
        result.tree = root;
        result.facts.is_tree_root = true;
        const long allowed = sys::faccessat(directory, parent, W_OK | X_OK, sys::kEffectiveIds);
        result.facts.parent_write_error = allowed < 0 ? static_cast<int>(-allowed) : 0;
      }
    }
    if (result.tree == kOutside) result.tree = tree_above(directory, parent);
    result.facts.lookup_error = found < 0 ? static_cast<int>(-found) : 0;
    result.facts.mode = found == 0 ? status.mode : 0;
    if (found == 0) result.id = sys::id_of(status);
    if (found == 0 && split.trailing_slash && final_link != FinalLink::kNameOnly &&
        !S_ISDIR(status.mode))
      result.facts.lookup_error = ENOTDIR;
    return result;
  }
  result.facts.lookup_error = ELOOP;
  return result;
}

}  // namespace

Located locate(int directory, const char* path, FinalLink final_link) {
  if (!is_readable(path)) return {};
  Paths paths;
  return locate_by(directory, path, final_link, paths);
}

int locate_descriptor(int descriptor) {
  sys::Stat status;
  if (policy().tree_count() == 0 || sys::fstat(descriptor, &status) != 0) return kOutside;
  return S_ISDIR(status.mode) || S_ISREG(status.mode) ? tree_of_open_file(descriptor, status)
                                                      : kOutside;
}

// By the trees' own texts: each is gone up until the directory or "/" is met.
int tree_below(const sys::FileId& directory) {
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    char text[kPathBytes];
    Appender path(text);
    path.add(policy().text(policy().tree(i).path)).c_str();
    sys::Stat status;
    if (sys::stat(text, &status) != 0) continue;
    sys::FileId below = sys::id_of(status);
    for (;;) {
      path.add("/..").c_str();
      if (path.overflowed() || sys::stat(text, &status) != 0) break;
      const sys::FileId here = sys::id_of(status);
      if (here == directory) return static_cast<int>(i);
      if (here == below) break;
      below = here;
    }
  }
  return kOutside;
}

bool is_surely_outside(int, const char*) { return false; }

int tree_of_new_root(const char* path) {
  return path == nullptr ? kOutside : locate(AT_FDCWD, path, FinalLink::kFollow).tree;
}

void remember_root_in(int tree) {
  sys::Stat status;
  if (tree == kOutside || sys::stat("/", &status) != 0) return;
  set_root_in_tree(sys::id_of(status), tree);
}

void forget_root() {}  // no text is relied on

}  // namespace hfoffline::shim
