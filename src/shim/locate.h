// Where a path really leads, as the kernel resolves it: below a protected tree or not.
//
// Trees are recognised by (device, inode) of the directories above the target, not by comparing
// strings: that holds through symbolic links, "..", descriptors, bind mounts and chroot. Raw system
// calls only; no descriptor stays open, and with none left to open the answer is the same; errno
// untouched; stack: about 1 KiB and three times the path's length, 9 KiB where paths are near
// PATH_MAX.
#pragma once

#include <cstdint>

#include "core/read_only.h"
#include "core/sys.h"
#include "shim/tree_search.h"

namespace hfoffline::shim {

// What a path-based operation would act on.
struct Located {
  int tree = kOutside;    // number of the policy's tree, or kOutside
  bool resolved = false;  // the directory that holds the target was found
  TargetFacts facts;      // filled when inside; write_error is not
  sys::FileId id;         // of what was found, if its directory was looked at
};

// What becomes of a symbolic link at the end of the path.
enum class FinalLink : std::uint8_t {
  kFollow,   // open, chmod: the file it leads to
  kKeep,     // O_NOFOLLOW, lchmod: the link itself, unless a slash comes after it
  kNameOnly  // mkdir, unlink, rename: only the name in its directory counts, slash or not
};

// Looks `path` up relative to `directory` (AT_FDCWD or a descriptor). A path that cannot be
// resolved up to its last component is kOutside: the kernel will say so itself. The facts are
// filled for targets outside, too, if `resolved`.
Located locate(int directory, const char* path, FinalLink final_link);

// The tree that an open descriptor's file lies in, or kOutside.
int locate_descriptor(int descriptor);

// Whether what a path leads to is surely outside of every tree: a file, and no symbolic link, in a
// directory found to be so before. For what only asks: nothing is held in place in between.
bool is_surely_outside(int directory, const char* path);

// Whether a directory that is to become "/" lies in a tree: nothing above it can be seen from
// there.
int tree_of_new_root(const char* path);
// Afterwards, where it did: what lies below this "/" lies in that tree.
void remember_root_in(int tree);

// "/" may have changed: texts mean nothing until it was compared again.
void forget_root();

}  // namespace hfoffline::shim
