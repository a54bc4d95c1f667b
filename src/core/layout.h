// How a models dir is laid out. Looks at the file system with raw system calls only (core/sys.h),
// so the shim can use it.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/text.h"

namespace hfoffline {

enum class Layout : std::uint8_t {
  kUnknown,   // neither: empty, look-alike, or something else altogether
  kHfHome,    // has a hub/ directory: HF_HOME = models dir, hub cache = its hub
  kHubCache,  // has models--*, datasets--* or spaces--* directories: a bare hub cache
};

// Why a models dir cannot be used, or what looks odd about it.
enum class ModelsDirProblem : std::uint8_t {
  kNone,
  kMissing,
  kNotADirectory,
  kUnreadable,
  kEmpty,         // nothing a client could load: also a hub/ without any repository
  kLookAlike,     // something else that looks like a cache; `detail` says what to give instead
  kUnrecognised,  // has entries, but none of either layout
};

struct LayoutFinding {
  Layout layout = Layout::kUnknown;
  ModelsDirProblem problem = ModelsDirProblem::kNone;
  // One English clause for people: the entry that misled and what to do, or the name of the errno.
  // Non-empty for every problem but a plain kMissing or kEmpty. With kNone it is a remark (a hub/
  // next to cache entries that no client will look at). NUL-terminated, control characters as '?'.
  char detail[256] = "";
  int error = 0;  // the errno of kUnreadable, where there is one
};

// Detects the layout of the directory at `path` (NUL-terminated). Reads that directory and, if
// there is one, its hub, up to the first repository; at most kMaximumLayoutEntries entries of each.
// Async-signal-safe; needs about 10 KiB of stack.
LayoutFinding detect_layout(const char* path);

inline constexpr int kMaximumLayoutEntries = 100000;

// Whether `path` (NUL-terminated) is a directory or a symbolic link to one.
bool is_directory(const char* path);

}  // namespace hfoffline
