// Which protected tree a directory or an open file lies in, told by the directories above it.
//
// Trees are recognised by (device, inode), never by comparing strings: that holds through symbolic
// links, "..", descriptors, bind mounts and chroot. Raw system calls only; no descriptor stays
// open; errno untouched; async-signal-safe.
#pragma once

#include <string_view>

#include "core/policy.h"
#include "core/sys.h"
#include "shim/tree_identity.h"

namespace hfoffline::shim {

// The tree that an open directory lies in or is, or kOutside.
int tree_above(int directory);
// The same for one that is named relative to another, where no descriptor is left: it takes a page
// of stack.
int tree_above_path(int directory, const char* path);
// The same for an open file of any kind. `status` is the file's own.
int tree_of_open(int descriptor, const sys::Stat& status);
// The same for a file that is no directory, by a link of /proc that leads to it.
int tree_of_file(int directory, const char* link, const sys::Stat& status);

// Whether a directory was found to be outside of every tree before. Nothing can be moved into a
// protected tree, so what is outside stays outside.
bool is_known_outside(const sys::Stat& directory);
// The same for the directory `parent` that a path starts with, "" for none.
bool parent_is_outside(int directory, std::string_view parent);

// Whether a directory is above a tree, or is the tree.
enum class Answer : std::uint8_t { kNo, kYes, kUnknown };
Answer is_above(const sys::FileId& directory, const TreeRow& tree);
// A tree that lies below this directory by its own name, or kOutside.
int tree_below(const sys::FileId& directory);

}  // namespace hfoffline::shim
