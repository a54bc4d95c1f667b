// The writable directories of a run: what clients must write somewhere while the cache is sealed.
// Raw system calls only (core/sys.h): no heap, async-signal-safe, about 10 KiB of stack.
#pragma once

#include <string_view>

#include "core/environment_plan.h"
#include "core/layout.h"

namespace hfoffline {

struct ScratchFailure {
  int error = 0;         // errno; 0: everything is in place
  std::string_view why;  // a static English clause: "belongs to another user"
  char path[4097] = "";  // which path failed, NUL-terminated

  explicit operator bool() const { return error != 0; }
};

// Makes `scratch_dir` (0700; its parent must exist) and for a bare hub cache <scratch>/hf-home,
// whose `hub` is a symbolic link to the models dir. Does nothing when the plan needs neither. The
// directories that scratch variables name are left to the clients, which make them when they first
// write: removing a directory takes milliseconds on some file systems, and most runs use none. What
// is there already is kept, so it may be called again and by several processes at once.
//
// Fails with EPERM if the scratch directory belongs to another user than the effective one, EACCES
// if anybody else may write to it (the program runs code from there), ELOOP if it is a symbolic
// link, EROFS if it is inside the models dir, EEXIST if its hf-home leads to another models dir,
// and ENAMETOOLONG or what mkdir(2) and symlink(2) say.
ScratchFailure prepare_scratch(const EnvironmentPlan& plan, std::string_view scratch_dir,
                               std::string_view models_dir, Layout layout);

}  // namespace hfoffline
