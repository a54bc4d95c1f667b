#include "shim/tree_search.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/path.h"
#include "core/text.h"
#include "shim/descriptor_link.h"
#include "shim/known_directories.h"
#include "shim/own_descriptor.h"
#include "shim/policy_source.h"

namespace hfoffline::shim {
namespace {

constexpr std::size_t kPathBytes = 4096;

KnownDirectories known_outside;

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
  if (path.overflowed() ||
      sys::fstatat(base, text, &status, start.empty() ? sys::kEmptyPath : 0) != 0)
    return kOutside;
  const std::uint64_t print = fingerprint(status);
  if (known_outside.has(print)) return kOutside;
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
        if (tree == kOutside) known_outside.add(print);
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
  if (sys::stat(text, &now) == 0 && is_known_outside(now)) return kOutside;
  const Descriptor parent(sys::open(text, kPathOnly | O_DIRECTORY));
  if (parent.ok()) return tree_above(parent.get());
  return lacks_descriptors(parent) ? tree_above_path(sys::kCurrentDirectory, text) : kOutside;
}

}  // namespace

int tree_above(int directory) { return climb<200>(directory, {}); }
int tree_above_path(int directory, const char* path) { return climb<kPathBytes>(directory, path); }

int tree_of_file(int directory, const char* link, const sys::Stat& status) {
  int tree = tree_of_linked_file<512>(directory, link, status);
  if (tree == kTooLong) tree = tree_of_linked_file<kPathBytes>(directory, link, status);
  if (tree != kTooLong) return tree;
  // A root directory without /proc, which tells nobody where a file is: below it, if in doubt.
  return S_ISREG(status.mode) ? tree_above_path(sys::kCurrentDirectory, "/") : kOutside;
}

int tree_of_open(int descriptor, const sys::Stat& status) {
  if (S_ISDIR(status.mode)) return tree_above(descriptor);
  return tree_of_file(sys::kCurrentDirectory, DescriptorLink(descriptor).text, status);
}

bool is_known_outside(const sys::Stat& directory) {
  return known_outside.has(fingerprint(directory));
}

bool parent_is_outside(int directory, std::string_view parent) {
  char text[512];
  Appender copy(text);
  sys::Stat status;
  copy.add(parent.empty() ? std::string_view(".") : parent).c_str();
  return !copy.overflowed() && sys::fstatat(directory, text, &status) == 0 &&
         is_known_outside(status);
}

// Goes up from the tree to "/", as climb() does, and looks for the directory on the way.
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

int tree_below(const sys::FileId& directory) {
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    if (is_above(directory, policy().tree(i)) == Answer::kYes) return static_cast<int>(i);
  }
  return kOutside;
}

}  // namespace hfoffline::shim
