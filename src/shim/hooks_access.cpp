// access(2) and its kin: the kernel answers first, and what it grants for writing below a tree
// becomes EROFS.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "shim/interpose.h"
#include "shim/judge_path.h"
#include "shim/redirect.h"

using namespace hfoffline::shim;

namespace {

int check_granted(int result, int directory, const char* path, int mode, int flags) {
  if (result != 0 || (mode & W_OK) == 0 || !has_protected_trees()) return result;
  const int error = judge_write_access(directory, path, (flags & AT_SYMLINK_NOFOLLOW) == 0,
                                       (flags & 0x1000 /* AT_EMPTY_PATH */) != 0);
  if (error == 0) return 0;
  errno = error;
  return -1;
}

}  // namespace

#define INTERPOSE_ACCESS(name)                                             \
  INTERPOSE(int, name, (const char* path, int mode)) {                     \
    REDIRECT(path);                                                        \
    return check_granted(NEXT(name)(path, mode), AT_FDCWD, path, mode, 0); \
  }

INTERPOSE_ACCESS(access)
INTERPOSE_ACCESS(euidaccess)
INTERPOSE_ACCESS(eaccess)

INTERPOSE(int, faccessat, (int directory, const char* path, int mode, int flags)) {
  REDIRECT_AT(directory, path);
  return check_granted(NEXT(faccessat)(directory, path, mode, flags), directory, path, mode, flags);
}
