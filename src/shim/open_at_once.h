// Opens for writing, most of which lead nowhere near a protected tree: in one system call, or in
// two if the path is relative.
#pragma once

#include <cstdint>

namespace hfoffline::shim {

inline constexpr long kUndecided = INT64_MIN;

// Whether that is tried at all: not where other threads run, since open(2) is a cancellation point
// and what is used here is not; not past another library's open.
bool may_open_at_once();

// Opens a copy of `path` if it is certain that the target is outside of every tree and that nobody
// can tell the difference. Returns a descriptor, -errno, or kUndecided: nothing was done. `path` is
// the caller's and not null; flags and mode as of openat(2). A path that is kUndecided has been
// read if may_open_at_once().
long open_at_once(int directory, const char* path, int flags, unsigned mode);

}  // namespace hfoffline::shim
