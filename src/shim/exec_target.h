// What a program is, before it is started: whether the loader will put us into it.
#pragma once

#include "core/reasons.h"

namespace hfoffline::shim {

// Reason::none: the shim follows, or there is nothing to judge (missing, not executable: exec says
// so itself). Follows "#!" lines. `directory` as for execveat(2). Raw system calls; about 5 KiB of
// stack.
// With `arguments` (may be null), a program that a dynamic loader is told to load is looked at,
// too.
Reason inspect_target(int directory, const char* path, char* const* arguments);
Reason inspect_open_target(int descriptor, char* const* arguments);

// Whether the file that children preload can be opened from here.
bool shim_is_reachable();

}  // namespace hfoffline::shim
