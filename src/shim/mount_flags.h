// What statvfs(3) and statfs(2) tell of a protected tree: that it is mounted read-only.
//
// Async-signal-safe; keeps errno.
#pragma once

#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "shim/judge_path.h"
#include "shim/locate.h"
#include "shim/policy_source.h"

namespace hfoffline::shim {

inline bool is_in_tree(const char* path) {
  return path != nullptr && locate(AT_FDCWD, path, FinalLink::kFollow).tree != kOutside;
}
inline bool is_in_tree(int descriptor) { return locate_descriptor(descriptor) != kOutside; }

template <class Status>
auto& flags_of(Status& status) {
  if constexpr (requires { status.f_flags; }) {
    return status.f_flags;
  } else {
    return status.f_flag;
  }
}

// After a call that has succeeded. `place`: the path or descriptor it was about.
template <class Place, class Status>
void mark_read_only(Place place, Status* status) {
  if (has_protected_trees() && !policy().audits_writes() && (flags_of(*status) & ST_RDONLY) == 0 &&
      is_in_tree(place))
    flags_of(*status) |= ST_RDONLY;
}

}  // namespace hfoffline::shim
