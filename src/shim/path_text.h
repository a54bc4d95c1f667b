// Paths that need no looking up: their text alone shows that they lead to no tree.
//
// Only valid together with openat2's RESOLVE_NO_SYMLINKS and RESOLVE_NO_XDEV, under which the text
// is the whole truth. Raw system calls only; errno untouched; async-signal-safe.
#pragma once

#include <cstdint>
#include <string_view>

namespace hfoffline::shim {

enum class TextAnswer : std::uint8_t {
  kUnknown,
  kOutside,      // of every tree
  kAcrossMount,  // the same, and RESOLVE_NO_XDEV need not be tried: remember_crossing()
};

// Of an absolute, plain (core/path.h) path. It is only known what its text says if "/" is still the
// root the policy was made for, and the trees were where their texts say when this process first
// asked.
TextAnswer judge_text(std::string_view path);
// Of a relative, plain path: kOutside if its directory (AT_FDCWD or a descriptor) is outside of
// every tree, and either above none, or the path's text does not lead to those below it.
TextAnswer judge_relative_text(int directory, std::string_view path);

// A mount was met on the way to this path's directory. A hint.
void remember_crossing(std::string_view path);
// Whether such a path's directory was found to be outside of every tree before: then
// RESOLVE_NO_SYMLINKS is enough.
bool is_in_outside_directory(std::string_view path);

// "/" may have changed: texts mean nothing until it was compared again.
void forget_texts();

}  // namespace hfoffline::shim
