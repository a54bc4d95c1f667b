#include "core/read_only.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace hfoffline {
namespace {

bool is_special(std::uint32_t mode) {
  return S_ISFIFO(mode) || S_ISCHR(mode) || S_ISBLK(mode) || S_ISSOCK(mode);
}

}  // namespace

int read_only_open(int flags, const TargetFacts& facts) {
  const bool create = (flags & O_CREAT) != 0;
  const bool temporary = (flags & kOpenTemporary) != 0;
  // build_open_flags() looks at no path. (Before Linux 6.4 a directory could be asked for and a
  // file made.)
  if (create && (flags & O_DIRECTORY) != 0) return EINVAL;
  if (temporary && ((flags & O_DIRECTORY) == 0 || (flags & O_ACCMODE) == O_RDONLY)) return EINVAL;
  if (temporary) {
    if (facts.lookup_error != 0) return facts.lookup_error;
    return S_ISDIR(facts.mode) ? EROFS : ENOTDIR;
  }
  // open_last_lookups() refuses the slash before it looks the last component up.
  if (create && facts.trailing_slash && facts.parent_exists) return EISDIR;
  if (facts.lookup_error != 0) {
    return facts.lookup_error == ENOENT && facts.parent_exists && create ? EROFS
                                                                         : facts.lookup_error;
  }
  // may_open() and do_open() come in this order: exclusive creation, links, directories, then
  // writing.
  if (create && (flags & O_EXCL) != 0) return EEXIST;
  if (S_ISLNK(facts.mode)) return (flags & O_DIRECTORY) != 0 ? ENOTDIR : ELOOP;
  const bool writes = asks_for_writing(flags) || (flags & O_TRUNC) != 0;
  if (S_ISDIR(facts.mode)) return writes || create ? EISDIR : 0;
  if ((flags & O_DIRECTORY) != 0) return ENOTDIR;
  if (is_special(facts.mode) || !writes) return 0;
  if ((flags & O_TRUNC) != 0) return EROFS;
  return facts.write_error != 0 ? facts.write_error : EROFS;
}

int read_only_make_directory(const TargetFacts& facts) {
  if (facts.last != LastComponent::kNormal) return EEXIST;
  if (facts.lookup_error == ENOENT) return facts.parent_exists ? EROFS : ENOENT;
  return facts.lookup_error != 0 ? facts.lookup_error : EEXIST;
}

int read_only_make_file(const TargetFacts& facts) {
  // filename_create() allows a slash after the name of nothing but a directory.
  const int error = read_only_make_directory(facts);
  return error == EROFS && facts.trailing_slash ? ENOENT : error;
}

int read_only_remove_file(const TargetFacts& facts) {
  if (facts.last != LastComponent::kNormal) return EISDIR;
  return EROFS;
}

int read_only_remove_directory(const TargetFacts& facts) {
  switch (facts.last) {
    case LastComponent::kDotDot:
      return ENOTEMPTY;
    case LastComponent::kDot:
      return EINVAL;
    case LastComponent::kRoot:
      return EBUSY;
    case LastComponent::kNormal:
      break;
  }
  return EROFS;
}

int read_only_truncate(const TargetFacts& facts) {
  if (facts.lookup_error != 0) return facts.lookup_error;
  if (S_ISDIR(facts.mode)) return EISDIR;
  if (!S_ISREG(facts.mode)) return EINVAL;
  return facts.write_error != 0 ? facts.write_error : EROFS;
}

int read_only_change_metadata(const TargetFacts& facts) {
  return facts.lookup_error != 0 ? facts.lookup_error : EROFS;
}

int open_flags_of_mode(const char* mode) {
  int flags = 0;
  switch (*mode) {
    case 'r':
      flags = O_RDONLY;
      break;
    case 'w':
      flags = O_WRONLY | O_CREAT | O_TRUNC;
      break;
    case 'a':
      flags = O_WRONLY | O_CREAT | O_APPEND;
      break;
    default:
      return -1;
  }
  // glibc looks at six further characters, whatever they are (_IO_new_file_fopen).
  for (int i = 1; i < 7 && mode[i] != '\0'; ++i) {
    switch (mode[i]) {
      case '+':
        flags = (flags & ~O_ACCMODE) | O_RDWR;
        break;
      case 'x':
        flags |= O_EXCL;
        break;
      case 'e':
        flags |= O_CLOEXEC;
        break;
      default:
        break;
    }
  }
  return flags;
}

int open_flags_of_mode_in_musl(const char* mode) {
  // Its test of the first character lets none at all pass, too (__fmodeflags).
  if (*mode != 'r' && *mode != 'w' && *mode != 'a' && *mode != '\0') return -1;
  int flags = *mode == 'r' ? O_RDONLY : O_WRONLY | O_CREAT;
  if (*mode == 'w') flags |= O_TRUNC;
  if (*mode == 'a') flags |= O_APPEND;
  for (; *mode != '\0'; ++mode) {
    if (*mode == '+') flags = (flags & ~O_ACCMODE) | O_RDWR;
    if (*mode == 'x') flags |= O_EXCL;
    if (*mode == 'e') flags |= O_CLOEXEC;
  }
  return flags;
}

}  // namespace hfoffline
