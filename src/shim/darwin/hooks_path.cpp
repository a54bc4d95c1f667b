// Functions of macOS that change names, sizes, modes, owners, times and attributes.
#include <copyfile.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/attr.h>
#include <sys/clonefile.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

#include "core/text.h"
#include "shim/darwin/undeclared.h"
#include "shim/interpose_judged.h"
#include "shim/judge_path.h"

using namespace hfoffline;
using namespace hfoffline::shim;

namespace {

int judge_unlinkat(const char* operation, int directory, const char* path, int flags) {
  return (flags & AT_REMOVEDIR) != 0 ? judge_remove_directory(operation, directory, path)
                                     : judge_remove_file(operation, directory, path);
}

// Whatever it is. What is not there, or a directory where a file was meant, is told by the first.
int judge_remove_any(const char* operation, int directory, const char* path) {
  const int error = judge_remove_file(operation, directory, path);
  return error != 0 && error != EISDIR && error != EPERM
             ? error
             : judge_remove_directory(operation, directory, path);
}

bool follows(int flags) { return (flags & AT_SYMLINK_NOFOLLOW) == 0; }

bool attribute_follows(int options) { return (options & 1 /* XATTR_NOFOLLOW */) == 0; }

// The numbers of renamex_np(2) as judge_rename() has them from Linux.
unsigned rename_flags(unsigned flags) {
  return ((flags & RENAME_EXCL) != 0 ? 1U : 0U) | ((flags & RENAME_SWAP) != 0 ? 2U : 0U);
}

// The target is made or written over, and gets the source's mode, owner, times and attributes.
int judge_copy_target(const char* from, const char* to, copyfile_flags_t flags) {
  if (to == nullptr || (flags & COPYFILE_CHECK) != 0) return 0;
  const bool follow = (flags & COPYFILE_NOFOLLOW_DST) == 0;
  const int open_flags = O_WRONLY | O_CREAT | (follow ? 0 : O_NOFOLLOW);
  int error = judge_open("copyfile", AT_FDCWD, to, open_flags);
  if (error == EISDIR || error == ELOOP) error = judge_metadata("copyfile", AT_FDCWD, to, follow);
  if (error == 0 && (flags & COPYFILE_MOVE) != 0)
    error = judge_remove_any("copyfile", AT_FDCWD, from);
  return error;
}

}  // namespace

INTERPOSE_JUDGED(mkdir, (const char* path, mode_t mode), (path, mode),
                 judge_make_directory("mkdir", AT_FDCWD, path))
INTERPOSE_JUDGED(mkdirat, (int directory, const char* path, mode_t mode), (directory, path, mode),
                 judge_make_directory("mkdirat", directory, path))
INTERPOSE_JUDGED(mkdirx_np, (const char* path, filesec_t security), (path, security),
                 judge_make_directory("mkdirx_np", AT_FDCWD, path))
INTERPOSE_JUDGED(unlink, (const char* path), (path), judge_remove_file("unlink", AT_FDCWD, path))
INTERPOSE_JUDGED(unlinkat, (int directory, const char* path, int flags), (directory, path, flags),
                 judge_unlinkat("unlinkat", directory, path, flags))
INTERPOSE_JUDGED(rmdir, (const char* path), (path), judge_remove_directory("rmdir", AT_FDCWD, path))
INTERPOSE_JUDGED(remove, (const char* path), (path), judge_remove_any("remove", AT_FDCWD, path))
INTERPOSE_JUDGED(removefile, (const char* path, void* state, std::uint32_t flags),
                 (path, state, flags), judge_remove_any("removefile", AT_FDCWD, path))
INTERPOSE_JUDGED(removefileat, (int directory, const char* path, void* state, std::uint32_t flags),
                 (directory, path, state, flags), judge_remove_any("removefileat", directory, path))
INTERPOSE_JUDGED(undelete, (const char* path), (path), judge_make_file("undelete", AT_FDCWD, path))

INTERPOSE_JUDGED(rename, (const char* from, const char* to), (from, to),
                 judge_rename("rename", AT_FDCWD, from, AT_FDCWD, to, 0))
INTERPOSE_JUDGED(renameat, (int from_directory, const char* from, int to_directory, const char* to),
                 (from_directory, from, to_directory, to),
                 judge_rename("renameat", from_directory, from, to_directory, to, 0))
INTERPOSE_JUDGED(renamex_np, (const char* from, const char* to, unsigned flags), (from, to, flags),
                 judge_rename("renamex_np", AT_FDCWD, from, AT_FDCWD, to, rename_flags(flags)))
INTERPOSE_JUDGED(renameatx_np,
                 (int from_directory, const char* from, int to_directory, const char* to,
                  unsigned flags),
                 (from_directory, from, to_directory, to, flags),
                 judge_rename("renameatx_np", from_directory, from, to_directory, to,
                              rename_flags(flags)))

INTERPOSE_JUDGED(clonefile, (const char* from, const char* to, std::uint32_t flags),
                 (from, to, flags), judge_make_file("clonefile", AT_FDCWD, to))
INTERPOSE_JUDGED(clonefileat,
                 (int from_directory, const char* from, int to_directory, const char* to,
                  std::uint32_t flags),
                 (from_directory, from, to_directory, to, flags),
                 judge_make_file("clonefileat", to_directory, to))
INTERPOSE_JUDGED(fclonefileat, (int from, int directory, const char* to, std::uint32_t flags),
                 (from, directory, to, flags), judge_make_file("fclonefileat", directory, to))
INTERPOSE_JUDGED(copyfile,
                 (const char* from, const char* to, copyfile_state_t state, copyfile_flags_t flags),
                 (from, to, state, flags), judge_copy_target(from, to, flags))
INTERPOSE_JUDGED(fcopyfile, (int from, int to, copyfile_state_t state, copyfile_flags_t flags),
                 (from, to, state, flags), judge_metadata_of_descriptor("fcopyfile", to))

namespace {

int judge_exchange(const char* first, const char* second, unsigned options) {
  const bool follow = (options & FSOPT_NOFOLLOW) == 0;
  const int error = judge_metadata("exchangedata", AT_FDCWD, first, follow);
  return error != 0 ? error : judge_metadata("exchangedata", AT_FDCWD, second, follow);
}

}  // namespace

INTERPOSE_JUDGED(exchangedata, (const char* first, const char* second, unsigned options),
                 (first, second, options), judge_exchange(first, second, options))

INTERPOSE_JUDGED(truncate, (const char* path, off_t length), (path, length),
                 length < 0 ? 0 : judge_truncate("truncate", path))

INTERPOSE_JUDGED(chmod, (const char* path, mode_t mode), (path, mode),
                 judge_metadata("chmod", AT_FDCWD, path, true))
INTERPOSE_JUDGED(fchmod, (int descriptor, mode_t mode), (descriptor, mode),
                 judge_metadata_of_descriptor("fchmod", descriptor))
INTERPOSE_JUDGED(fchmodat, (int directory, const char* path, mode_t mode, int flags),
                 (directory, path, mode, flags),
                 judge_metadata("fchmodat", directory, path, follows(flags)))
INTERPOSE_JUDGED(lchmod, (const char* path, mode_t mode), (path, mode),
                 judge_metadata("lchmod", AT_FDCWD, path, false))
INTERPOSE_JUDGED(chmodx_np, (const char* path, filesec_t security), (path, security),
                 judge_metadata("chmodx_np", AT_FDCWD, path, true))
INTERPOSE_JUDGED(fchmodx_np, (int descriptor, filesec_t security), (descriptor, security),
                 judge_metadata_of_descriptor("fchmodx_np", descriptor))
INTERPOSE_JUDGED(acl_set_file, (const char* path, int type, hfoffline_acl acl), (path, type, acl),
                 judge_metadata("acl_set_file", AT_FDCWD, path, true))
INTERPOSE_JUDGED(acl_set_link_np, (const char* path, int type, hfoffline_acl acl),
                 (path, type, acl), judge_metadata("acl_set_link_np", AT_FDCWD, path, false))
INTERPOSE_JUDGED(acl_set_fd, (int descriptor, hfoffline_acl acl), (descriptor, acl),
                 judge_metadata_of_descriptor("acl_set_fd", descriptor))
INTERPOSE_JUDGED(acl_set_fd_np, (int descriptor, hfoffline_acl acl, int type),
                 (descriptor, acl, type), judge_metadata_of_descriptor("acl_set_fd_np", descriptor))

INTERPOSE_JUDGED(chflags, (const char* path, unsigned flags), (path, flags),
                 judge_metadata("chflags", AT_FDCWD, path, true))
INTERPOSE_JUDGED(lchflags, (const char* path, unsigned flags), (path, flags),
                 judge_metadata("lchflags", AT_FDCWD, path, false))
INTERPOSE_JUDGED(fchflags, (int descriptor, unsigned flags), (descriptor, flags),
                 judge_metadata_of_descriptor("fchflags", descriptor))

INTERPOSE_JUDGED(utime, (const char* path, const struct utimbuf* times), (path, times),
                 judge_metadata("utime", AT_FDCWD, path, true))
INTERPOSE_JUDGED(utimes, (const char* path, const struct timeval* times), (path, times),
                 judge_metadata("utimes", AT_FDCWD, path, true))
INTERPOSE_JUDGED(lutimes, (const char* path, const struct timeval* times), (path, times),
                 judge_metadata("lutimes", AT_FDCWD, path, false))
INTERPOSE_JUDGED(futimes, (int descriptor, const struct timeval* times), (descriptor, times),
                 judge_metadata_of_descriptor("futimes", descriptor))
INTERPOSE_JUDGED(utimensat,
                 (int directory, const char* path, const struct timespec* times, int flags),
                 (directory, path, times, flags),
                 judge_metadata("utimensat", directory, path, follows(flags)))
INTERPOSE_JUDGED(futimens, (int descriptor, const struct timespec* times), (descriptor, times),
                 judge_metadata_of_descriptor("futimens", descriptor))

INTERPOSE_JUDGED(chown, (const char* path, uid_t user, gid_t group), (path, user, group),
                 judge_metadata("chown", AT_FDCWD, path, true))
INTERPOSE_JUDGED(lchown, (const char* path, uid_t user, gid_t group), (path, user, group),
                 judge_metadata("lchown", AT_FDCWD, path, false))
INTERPOSE_JUDGED(fchown, (int descriptor, uid_t user, gid_t group), (descriptor, user, group),
                 judge_metadata_of_descriptor("fchown", descriptor))
INTERPOSE_JUDGED(fchownat, (int directory, const char* path, uid_t user, gid_t group, int flags),
                 (directory, path, user, group, flags),
                 judge_metadata("fchownat", directory, path, follows(flags)))

INTERPOSE_JUDGED(setxattr,
                 (const char* path, const char* name, const void* value, size_t size,
                  std::uint32_t position, int options),
                 (path, name, value, size, position, options),
                 judge_metadata("setxattr", AT_FDCWD, path, attribute_follows(options)))
INTERPOSE_JUDGED(fsetxattr,
                 (int descriptor, const char* name, const void* value, size_t size,
                  std::uint32_t position, int options),
                 (descriptor, name, value, size, position, options),
                 judge_metadata_of_descriptor("fsetxattr", descriptor))
INTERPOSE_JUDGED(removexattr, (const char* path, const char* name, int options),
                 (path, name, options),
                 judge_metadata("removexattr", AT_FDCWD, path, attribute_follows(options)))
INTERPOSE_JUDGED(fremovexattr, (int descriptor, const char* name, int options),
                 (descriptor, name, options),
                 judge_metadata_of_descriptor("fremovexattr", descriptor))

INTERPOSE_JUDGED(setattrlist,
                 (const char* path, void* wanted, void* buffer, size_t size, std::uint32_t options),
                 (path, wanted, buffer, size, options),
                 judge_metadata("setattrlist", AT_FDCWD, path, (options & FSOPT_NOFOLLOW) == 0))
INTERPOSE_JUDGED(fsetattrlist,
                 (int descriptor, void* wanted, void* buffer, size_t size, std::uint32_t options),
                 (descriptor, wanted, buffer, size, options),
                 judge_metadata_of_descriptor("fsetattrlist", descriptor))
INTERPOSE_JUDGED(setattrlistat,
                 (int directory, const char* path, void* wanted, void* buffer, size_t size,
                  std::uint32_t options),
                 (directory, path, wanted, buffer, size, options),
                 judge_metadata("setattrlistat", directory, path, (options & FSOPT_NOFOLLOW) == 0))

namespace {

// Directories that are missing on the way are made as well: each is judged.
int judge_make_path(const char* operation, int directory, const char* path) {
  if (path == nullptr) return 0;
  char text[MAXPATHLEN];
  Appender prefix(text);
  for (std::size_t at = 0; path[at] != '\0' && !prefix.overflowed(); ++at) {
    if (path[at] == '/' && at != 0) {
      const int error = judge_make_directory(operation, directory, prefix.c_str());
      if (error == EROFS) return error;
    }
    prefix.add_byte(path[at]);
  }
  return judge_make_directory(operation, directory, path);
}

}  // namespace

// These return their errors.
#define INTERPOSE_MAKE_PATH(name, parameters, arguments, directory)                        \
  INTERPOSE(int, name, parameters) {                                                       \
    const int error = has_protected_trees() ? judge_make_path(#name, directory, path) : 0; \
    return error != 0 ? error : NEXT(name) arguments;                                      \
  }
INTERPOSE_MAKE_PATH(mkpath_np, (const char* path, mode_t mode), (path, mode), AT_FDCWD)
INTERPOSE_MAKE_PATH(mkpathat_np, (int directory, const char* path, mode_t mode),
                    (directory, path, mode), directory)
