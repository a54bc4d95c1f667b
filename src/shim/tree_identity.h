// By what a protected tree is recognised: the identity of its root, its own name where nothing else
// is left to ask, and, after a chroot into a tree, the identity of "/".
#pragma once

#include <cstddef>
#include <string_view>

#include "core/path.h"
#include "core/policy.h"
#include "core/sys.h"
#include "shim/policy_source.h"

namespace hfoffline::shim {

inline constexpr int kOutside = -1;  // in place of a tree's number

// The tree whose root this is, or kOutside.
inline int tree_with(const sys::FileId& id) {
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    if (policy().tree(i).inode == id.ino && policy().tree(i).device == id.dev)
      return static_cast<int>(i);
  }
  return kOutside;
}

// A tree by the name that the kernel tells for a file, or kOutside.
inline int tree_of_name(std::string_view name) {
  for (std::size_t i = 0; i < policy().tree_count(); ++i) {
    if (lexically_below(name, policy().text(policy().tree(i).path))) return static_cast<int>(i);
  }
  return kOutside;
}

inline sys::FileId root_in_tree;
inline int tree_of_root = kOutside;

// The root directory of this process lies in a tree, after a chroot: what is below it lies there,
// too. By its identity, since a vfork child shares this memory and may have another root.
inline void set_root_in_tree(const sys::FileId& root, int tree) {
  root_in_tree = root;
  tree_of_root = tree;
}

// The tree that "/" lies in, if this is "/" and it lies in one; else kOutside.
inline int tree_with_root(const sys::FileId& root) {
  return tree_of_root != kOutside && root == root_in_tree ? tree_of_root : kOutside;
}

}  // namespace hfoffline::shim
