// Functions of macOS that give a name to something, access(2) and its kin, statvfs(3), chroot(2).
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <string_view>

#include "core/text.h"
#include "shim/darwin/undeclared.h"
#include "shim/interpose_judged.h"
#include "shim/judge_path.h"
#include "shim/locate.h"
#include "shim/refusal.h"

using namespace hfoffline;
using namespace hfoffline::shim;

namespace {

// A pattern is its directory and what is made of its last name.
int judge_temporary(const char* operation, int directory, const char* pattern) {
  if (pattern == nullptr || directory == AT_FDCWD)
    return pattern == nullptr ? 0 : judge_make_temporary(operation, pattern);
  const int error = judge_make_file(operation, directory, pattern);
  return error == EEXIST ? EROFS : error;
}

}  // namespace

INTERPOSE_JUDGED(link, (const char* from, const char* to), (from, to),
                 judge_link("link", AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW))
INTERPOSE_JUDGED(linkat,
                 (int from_directory, const char* from, int to_directory, const char* to,
                  int flags),
                 (from_directory, from, to_directory, to, flags),
                 judge_link("linkat", from_directory, from, to_directory, to, flags))
INTERPOSE_JUDGED(symlink, (const char* text, const char* path), (text, path),
                 judge_symbolic_link("symlink", text, AT_FDCWD, path))
INTERPOSE_JUDGED(symlinkat, (const char* text, int directory, const char* path),
                 (text, directory, path), judge_symbolic_link("symlinkat", text, directory, path))
INTERPOSE_JUDGED(mknod, (const char* path, mode_t mode, dev_t device), (path, mode, device),
                 judge_make_file("mknod", AT_FDCWD, path))
INTERPOSE_JUDGED(mknodat, (int directory, const char* path, mode_t mode, dev_t device),
                 (directory, path, mode, device), judge_make_file("mknodat", directory, path))
INTERPOSE_JUDGED(mkfifo, (const char* path, mode_t mode), (path, mode),
                 judge_make_file("mkfifo", AT_FDCWD, path))
INTERPOSE_JUDGED(mkfifoat, (int directory, const char* path, mode_t mode), (directory, path, mode),
                 judge_make_file("mkfifoat", directory, path))
INTERPOSE_JUDGED(mkfifox_np, (const char* path, filesec_t security), (path, security),
                 judge_make_file("mkfifox_np", AT_FDCWD, path))

#define INTERPOSE_DIRECTORY(name, parameters, arguments, directory)                           \
  INTERPOSE(char*, name, parameters) {                                                        \
    const int error = has_protected_trees() ? judge_temporary(#name, directory, pattern) : 0; \
    if (error == 0) return NEXT(name) arguments;                                              \
    errno = error;                                                                            \
    return nullptr;                                                                           \
  }
INTERPOSE_DIRECTORY(mkdtemp, (char* pattern), (pattern), AT_FDCWD)
INTERPOSE_DIRECTORY(mkdtempat_np, (int directory, char* pattern), (directory, pattern), directory)

INTERPOSE_JUDGED(mkstemp, (char* pattern), (pattern), judge_temporary("mkstemp", AT_FDCWD, pattern))
INTERPOSE_JUDGED(mkstemps, (char* pattern, int suffix), (pattern, suffix),
                 judge_temporary("mkstemps", AT_FDCWD, pattern))
INTERPOSE_JUDGED(mkostemp, (char* pattern, int flags), (pattern, flags),
                 judge_temporary("mkostemp", AT_FDCWD, pattern))
INTERPOSE_JUDGED(mkostemps, (char* pattern, int suffix, int flags), (pattern, suffix, flags),
                 judge_temporary("mkostemps", AT_FDCWD, pattern))
INTERPOSE_JUDGED(mkstempsat_np, (int directory, char* pattern, int suffix),
                 (directory, pattern, suffix), judge_temporary("mkstempsat_np", directory, pattern))
INTERPOSE_JUDGED(mkostempsat_np, (int directory, char* pattern, int suffix, int flags),
                 (directory, pattern, suffix, flags),
                 judge_temporary("mkostempsat_np", directory, pattern))
INTERPOSE_JUDGED(acct, (const char* path), (path),
                 path == nullptr ? 0 : judge_open("acct", AT_FDCWD, path, O_WRONLY))

namespace {

int check_granted(int result, int directory, const char* path, int mode, int flags) {
  if (result != 0 || (mode & W_OK) == 0 || !has_protected_trees()) return result;
  const int error = judge_write_access(directory, path, (flags & AT_SYMLINK_NOFOLLOW) == 0, false);
  return error == 0 ? 0 : fail(error);
}

}  // namespace

INTERPOSE(int, access, (const char* path, int mode)) {
  return check_granted(NEXT(access)(path, mode), AT_FDCWD, path, mode, 0);
}

INTERPOSE(int, faccessat, (int directory, const char* path, int mode, int flags)) {
  return check_granted(NEXT(faccessat)(directory, path, mode, flags), directory, path, mode, flags);
}

INTERPOSE(int, statvfs, (const char* path, struct statvfs* status)) {
  const int result = NEXT(statvfs)(path, status);
  if (result == 0 && has_protected_trees() &&
      locate(AT_FDCWD, path, FinalLink::kFollow).tree != kOutside)
    status->f_flag |= ST_RDONLY;
  return result;
}

INTERPOSE(int, fstatvfs, (int descriptor, struct statvfs* status)) {
  const int result = NEXT(fstatvfs)(descriptor, status);
  if (result == 0 && has_protected_trees() && locate_descriptor(descriptor) != kOutside)
    status->f_flag |= ST_RDONLY;
  return result;
}

INTERPOSE(int, chroot, (const char* path)) {
  const int tree = has_protected_trees() ? tree_of_new_root(path) : kOutside;
  const int result = NEXT(chroot)(path);
  if (result == 0) remember_root_in(tree);
  return result;
}

// Ends without our destructor.
INTERPOSE(void, _exit, (int status)) {
  flush_counts();
  NEXT(_exit)(status);
}
