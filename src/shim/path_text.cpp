#include "shim/path_text.h"

#include <errno.h>
#include <fcntl.h>

#include "core/hash.h"
#include "core/path.h"
#include "core/policy.h"
#include "core/text.h"
#include "shim/known_directories.h"
#include "shim/own_descriptor.h"
#include "shim/policy_source.h"
#include "shim/tree_search.h"

namespace hfoffline::shim {
namespace {

constexpr std::size_t kPathBytes = 4096;

std::uint8_t known_texts;  // 0: not looked at, 1: texts_are_true(), 2: they are not
bool any_crossing;         // most programs never meet one

KnownDirectories known_unrelated;  // outside, and not above a tree either
KnownDirectories known_crossing;   // by text: directories that a mount lies on the way to

std::uint64_t print_of_directory(std::string_view path) {
  std::size_t length = path.size();
  while (length != 0 && path[length - 1] != '/') --length;
  return hash_bytes(length, path.data(), length) | 1;
}

// Outside of every tree and above none: a path without ".." that starts here cannot lead into one.
bool is_unrelated_directory(int directory, const sys::FileId& here) {
  const Descriptor opened(sys::openat(directory, ".", kPathOnly | O_DIRECTORY));
  if (!opened.ok() || tree_above(opened.get()) != kOutside) return false;
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    if (is_above(here, policy().tree(i)) != Answer::kNo) return false;
  }
  return true;
}

// The root is the policy's, and every tree is where its text says: nobody has renamed a directory
// above it since.
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

bool texts_were_true() {
  std::uint8_t texts = __atomic_load_n(&known_texts, __ATOMIC_RELAXED);
  if (__builtin_expect(texts == 0, 0)) {
    texts = texts_are_true() ? 1 : 2;
    __atomic_store_n(&known_texts, texts, __ATOMIC_RELAXED);
  }
  return texts == 1;
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

bool is_beside_trees(std::uint64_t entry, std::string_view path) {
  const std::string_view directory = directory_of_entry(entry);
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    const std::string_view rest = rest_below(policy().text(policy().tree(i).path), directory);
    if (!rest.empty() && is_at_or_below(path, rest)) return false;
  }
  return true;
}

// Tells most paths and trees apart, in one comparison.
bool starts_otherwise(std::string_view path, std::string_view tree) {
  std::uint64_t ours;
  std::uint64_t theirs;
  if (path.size() < sizeof(ours) || tree.size() < sizeof(theirs)) return false;
  __builtin_memcpy(&ours, path.data(), sizeof(ours));
  __builtin_memcpy(&theirs, tree.data(), sizeof(theirs));
  return ours != theirs;
}

// Since Linux 6.11 no path at all is as good as an empty one, and takes less time.
bool status_of(int directory, sys::Stat* status) {
  static bool needs_path;
  if (!__atomic_load_n(&needs_path, __ATOMIC_RELAXED)) {
    const long result = sys::fstatat(directory, nullptr, status, sys::kEmptyPath);
    if (result != -EFAULT) return result == 0;
    __atomic_store_n(&needs_path, true, __ATOMIC_RELAXED);
  }
  return sys::fstat(directory, status) == 0;
}

}  // namespace

TextAnswer judge_text(std::string_view path) {
  if (!texts_were_true()) return TextAnswer::kUnknown;
  const Policy ours = policy();
  for (std::size_t i = 0; i < ours.tree_count(); ++i) {
    const std::string_view tree = ours.text(ours.tree(i).path);
    if (!starts_otherwise(path, tree) && is_at_or_below(path, tree)) return TextAnswer::kUnknown;
  }
  if (!__atomic_load_n(&any_crossing, __ATOMIC_RELAXED)) return TextAnswer::kOutside;
  return known_crossing.has(print_of_directory(path)) ? TextAnswer::kAcrossMount
                                                      : TextAnswer::kOutside;
}

TextAnswer judge_relative_text(int directory, std::string_view path) {
  // The working directory, too, is asked for each time: libc changes it without passing a hook
  // (nftw, fts, daemon, file actions of posix_spawn), and a vfork child or a thread of its own may
  // share this memory and not the directory.
  sys::Stat here;
  if (!status_of(directory, &here)) return TextAnswer::kUnknown;
  const std::uint64_t print = fingerprint(here);
  if (known_unrelated.has(print)) return TextAnswer::kOutside;
  std::uint64_t above = __atomic_load_n(&entry_above(print), __ATOMIC_RELAXED);
  if (above == 0 || (above & kPrintMask) != (print & kPrintMask)) {
    if (is_unrelated_directory(directory, sys::id_of(here))) {
      known_unrelated.add(print);
      return TextAnswer::kOutside;
    }
    above = learn_above(directory, here);
    if (above == 0) return TextAnswer::kUnknown;
    __atomic_store_n(&entry_above(print), above, __ATOMIC_RELAXED);
  }
  return is_beside_trees(above, path) ? TextAnswer::kOutside : TextAnswer::kUnknown;
}

void remember_crossing(std::string_view path) {
  known_crossing.add(print_of_directory(path));
  __atomic_store_n(&any_crossing, true, __ATOMIC_RELAXED);
}

bool is_in_outside_directory(std::string_view path) {
  return parent_is_outside(sys::kCurrentDirectory, split_path(path).parent);
}

void forget_texts() {
  __atomic_store_n(&known_texts, 0, __ATOMIC_RELAXED);
  for (std::uint64_t& entry : known_above) __atomic_store_n(&entry, 0, __ATOMIC_RELAXED);
}

}  // namespace hfoffline::shim
