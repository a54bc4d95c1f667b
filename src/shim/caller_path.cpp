#include "shim/caller_path.h"

#include <errno.h>

#include "core/sys.h"

namespace hfoffline::shim {

// This call copies the path in, and fails for its empty second path before it does anything.
bool is_readable_path(const char* path) {
  return sys::call(SYS_symlinkat, sys::word(path), -1, sys::word("")) != -EFAULT;
}

}  // namespace hfoffline::shim
