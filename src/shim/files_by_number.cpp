#include "shim/files_by_number.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/read_only.h"
#include "core/sys.h"
#include "shim/judge_exec.h"
#include "shim/judge_inside_libc.h"
#include "shim/judge_openat2.h"
#include "shim/judge_path.h"
#include "shim/judge_request.h"
#include "shim/system_call_numbers.h"

namespace hfoffline::shim {
namespace {

int judge_opening(const char* operation, int directory, const char* path, int flags) {
  return open_can_write(flags) ? judge_open(operation, directory, path, flags) : 0;
}

int judge_utimensat(const SystemCallArguments& a) {
  const char* path = a.path(1);
  if (path == nullptr) {  // the kernel takes no flags for a descriptor
    return a.number(3) != 0 ? 0 : judge_metadata_of_descriptor("utimensat", a.number(0));
  }
  if (names_descriptor(path, a.number(3))) return judge_metadata_of_file("utimensat", a.number(0));
  return judge_metadata("utimensat", a.number(0), path, (a.number(3) & AT_SYMLINK_NOFOLLOW) == 0);
}

int judge_fchmodat2(const SystemCallArguments& a) {
  const int flags = a.number(3);
  if (names_descriptor(a.path(1), flags)) return judge_metadata_of_file("fchmodat2", a.number(0));
  return judge_metadata("fchmodat2", a.number(0), a.path(1), (flags & AT_SYMLINK_NOFOLLOW) == 0);
}

int judge_removal(const SystemCallArguments& a) {
  return (a.number(2) & AT_REMOVEDIR) != 0
             ? judge_remove_directory("unlinkat", a.number(0), a.path(1))
             : judge_remove_file("unlinkat", a.number(0), a.path(1));
}

struct AttributeArguments {  // struct xattr_args
  std::uint64_t value;
  std::uint32_t size, flags;
};

// Extended attributes and what chattr(1) changes.
int judge_attribute_call(long number, const SystemCallArguments& a) {
  const auto size = static_cast<std::size_t>(a.word[3]);
  switch (number) {
    case SYS_setxattr:
      return attribute_is_wrong(a.path(1), size, a.number(4))
                 ? 0
                 : judge_metadata("setxattr", AT_FDCWD, a.path(0), true);
    case SYS_lsetxattr:
      return attribute_is_wrong(a.path(1), size, a.number(4))
                 ? 0
                 : judge_metadata("lsetxattr", AT_FDCWD, a.path(0), false);
    case SYS_fsetxattr:
      return attribute_is_wrong(a.path(1), size, a.number(4))
                 ? 0
                 : judge_metadata_of_descriptor("fsetxattr", a.number(0));
    case SYS_removexattr:
      return attribute_is_wrong(a.path(1), 0, 0)
                 ? 0
                 : judge_metadata("removexattr", AT_FDCWD, a.path(0), true);
    case SYS_lremovexattr:
      return attribute_is_wrong(a.path(1), 0, 0)
                 ? 0
                 : judge_metadata("lremovexattr", AT_FDCWD, a.path(0), false);
    case SYS_fremovexattr:
      return attribute_is_wrong(a.path(1), 0, 0)
                 ? 0
                 : judge_metadata_of_descriptor("fremovexattr", a.number(0));
    case SYS_setxattrat: {
      const auto* given = a.pointer<const AttributeArguments>(4);
      if (given == nullptr || static_cast<std::size_t>(a.word[5]) < sizeof(*given) ||
          attribute_is_wrong(a.path(3), given->size, static_cast<int>(given->flags)))
        return 0;
      return judge_owner_at("setxattrat", a.number(0), a.path(1), a.number(2));
    }
    case SYS_removexattrat:
      return attribute_is_wrong(a.path(3), 0, 0)
                 ? 0
                 : judge_owner_at("removexattrat", a.number(0), a.path(1), a.number(2));
    default:  // file_setattr
      return judge_owner_at("file_setattr", a.number(0), a.path(1), a.number(4));
  }
}

}  // namespace

SystemCallBlock block_of(long number, const SystemCallArguments& a) {
  if (number == SYS_openat2 && has_usable_size(static_cast<std::size_t>(a.word[3])))
    return {2, static_cast<std::size_t>(a.word[3])};
  constexpr long kMost = 4096;
  if (number == SYS_setxattrat && a.word[5] >= long{sizeof(AttributeArguments)} &&
      a.word[5] <= kMost)
    return {4, static_cast<std::size_t>(a.word[5])};
  if (number == SYS_open_by_handle_at && open_can_write(a.number(2)) &&
      a.pointer<void>(1) != nullptr)
    return {1, bytes_of_handle(a.pointer<void>(1))};
  return {0, 0};
}

int judge_file_call(long number, const SystemCallArguments& a) {
  switch (number) {
    case SYS_openat:
      return judge_opening("openat", a.number(0), a.path(1), a.number(2));
    case SYS_openat2:
      return judge_openat2(a.number(0), a.path(1), a.pointer<const void>(2),
                           static_cast<std::size_t>(a.word[3]));
    case SYS_mkdirat:
      return judge_make_directory("mkdirat", a.number(0), a.path(1));
    case SYS_unlinkat:
      return judge_removal(a);
#ifdef SYS_renameat
    case SYS_renameat:
      return judge_rename("renameat", a.number(0), a.path(1), a.number(2), a.path(3), 0);
#endif
    case SYS_renameat2:
      return judge_rename("renameat2", a.number(0), a.path(1), a.number(2), a.path(3),
                          static_cast<unsigned>(a.word[4]));
    case SYS_truncate:
      return a.word[1] < 0 ? 0 : judge_truncate("truncate", a.path(0));
    case SYS_fchmodat:
      return judge_metadata("fchmodat", a.number(0), a.path(1), true);
    case SYS_fchmodat2:  // Linux 6.6
      return judge_fchmodat2(a);
    case SYS_fchmod:
      return judge_metadata_of_descriptor("fchmod", a.number(0));
    case SYS_utimensat:
      return judge_utimensat(a);
    case SYS_linkat:
      return judge_link("linkat", a.number(0), a.path(1), a.number(2), a.path(3), a.number(4));
    case SYS_symlinkat:
      return judge_symbolic_link("symlinkat", a.path(0), a.number(1), a.path(2));
    case SYS_mknodat:
      return judge_node("mknodat", a.number(0), a.path(1), static_cast<unsigned>(a.word[2]));
    case SYS_fchownat:
      return judge_owner_at("fchownat", a.number(0), a.path(1), a.number(4));
    case SYS_fchown:
      return judge_metadata_of_descriptor("fchown", a.number(0));
    case SYS_open_by_handle_at:
      return judge_open_by_handle(a.number(0), a.pointer<void>(1), a.number(2));
    case SYS_acct:
      return judge_accounting("acct", a.path(0));
    case SYS_swapon:
      return judge_swap("swapon", a.path(0));
    case SYS_swapoff:
      return judge_swap("swapoff", a.path(0));
    case SYS_ioctl:
      return judge_request(a.number(0), static_cast<unsigned long>(a.word[1]));
    case SYS_setxattr:
    case SYS_lsetxattr:
    case SYS_fsetxattr:
    case SYS_removexattr:
    case SYS_lremovexattr:
    case SYS_fremovexattr:
    case SYS_setxattrat:  // Linux 6.13
    case SYS_removexattrat:
    case SYS_file_setattr:  // Linux 6.17
      return judge_attribute_call(number, a);
#if defined(__x86_64__)
    case SYS_open:
      return judge_opening("open", AT_FDCWD, a.path(0), a.number(1));
    case SYS_creat:
      return judge_opening("creat", AT_FDCWD, a.path(0), O_WRONLY | O_CREAT | O_TRUNC);
    case SYS_mkdir:
      return judge_make_directory("mkdir", AT_FDCWD, a.path(0));
    case SYS_unlink:
      return judge_remove_file("unlink", AT_FDCWD, a.path(0));
    case SYS_rmdir:
      return judge_remove_directory("rmdir", AT_FDCWD, a.path(0));
    case SYS_rename:
      return judge_rename("rename", AT_FDCWD, a.path(0), AT_FDCWD, a.path(1), 0);
    case SYS_chmod:
      return judge_metadata("chmod", AT_FDCWD, a.path(0), true);
    case SYS_utime:
      return judge_metadata("utime", AT_FDCWD, a.path(0), true);
    case SYS_utimes:
      return judge_metadata("utimes", AT_FDCWD, a.path(0), true);
    case SYS_link:
      return judge_link("link", AT_FDCWD, a.path(0), AT_FDCWD, a.path(1), 0);
    case SYS_symlink:
      return judge_symbolic_link("symlink", a.path(0), AT_FDCWD, a.path(1));
    case SYS_mknod:
      return judge_node("mknod", AT_FDCWD, a.path(0), static_cast<unsigned>(a.word[1]));
    case SYS_chown:
      return judge_metadata("chown", AT_FDCWD, a.path(0), true);
    case SYS_lchown:
      return judge_metadata("lchown", AT_FDCWD, a.path(0), false);
    case SYS_futimesat:
      return a.path(1) == nullptr ? judge_metadata_of_descriptor("futimesat", a.number(0))
                                  : judge_metadata("futimesat", a.number(0), a.path(1), true);
#endif
    default:
      return 0;
  }
}

int judge_granted_access(long number, const SystemCallArguments& a) {
  switch (number) {
    case SYS_faccessat:
      return (a.number(2) & W_OK) != 0 ? judge_write_access(a.number(0), a.path(1), true, false)
                                       : 0;
    case SYS_faccessat2:
      return (a.number(2) & W_OK) != 0
                 ? judge_write_access(a.number(0), a.path(1),
                                      (a.number(3) & AT_SYMLINK_NOFOLLOW) == 0,
                                      (a.number(3) & sys::kEmptyPath) != 0)
                 : 0;
#if defined(__x86_64__)
    case SYS_access:
      return (a.number(1) & W_OK) != 0 ? judge_write_access(AT_FDCWD, a.path(0), true, false) : 0;
#endif
    default:
      return 0;
  }
}

}  // namespace hfoffline::shim
