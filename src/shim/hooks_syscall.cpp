// syscall(2): the numbers whose functions are hooked are judged like them, as system_calls.def
// says; every other number is passed on untouched.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/read_only.h"
#include "core/sys.h"
#include "core/text.h"
#include "shim/caller_path.h"
#include "shim/exec_memory.h"
#include "shim/interpose.h"
#include "shim/judge_exec.h"
#include "shim/judge_inside_libc.h"
#include "shim/judge_network.h"
#include "shim/judge_openat2.h"
#include "shim/judge_path.h"
#include "shim/judge_request.h"
#include "shim/judge_socket_file.h"
#include "shim/judge_socket_option.h"
#include "shim/locate.h"
#include "shim/managed_environment.h"
#include "shim/mount_flags.h"
#include "shim/own_filter.h"
#include "shim/received.h"
#include "shim/redirect.h"
#include "shim/refusal.h"
#include "shim/send_messages.h"
#include "shim/shared_state.h"

using namespace hfoffline;
using namespace hfoffline::shim;

namespace {

struct Arguments {
  long word[6];
  const char* path(int i) const { return reinterpret_cast<const char*>(word[i]); }
  int number(int i) const { return static_cast<int>(word[i]); }
  template <class T>
  T* pointer(int i) const {
    return reinterpret_cast<T*>(word[i]);
  }
};

int judge_opening(const char* operation, int directory, const char* path, int flags) {
  return open_can_write(flags) ? judge_open(operation, directory, path, flags) : 0;
}

// Judges the address of a call and passes the judged copy on, never the caller's own, which another
// thread may change in between. `pass(address, length)` makes the call.
template <class Pass>
long judged_call(const char* operation, int descriptor, const void* address, long length,
                 Direction direction, const Pass& pass) {
  CopiedAddress copy;
  if (!copy_address(static_cast<const struct sockaddr*>(address), static_cast<socklen_t>(length),
                    &copy))
    return pass(address, length);
  if (const int error = judge_copy(operation, descriptor, copy, direction)) return fail(error);
  return pass(static_cast<const void*>(copy.bytes), static_cast<long>(copy.length));
}

long connect_by_number(const Arguments& a) {
  return judged_call("connect", a.number(0), a.pointer<void>(1), a.word[2], Direction::kConnect,
                     [&](const void* address, long length) {
                       return NEXT(syscall)(SYS_connect, a.word[0], address, length);
                     });
}

long sendto_by_number(const Arguments& a) {
  return judged_call("sendto", a.number(0), a.pointer<void>(4), a.word[5],
                     direction_of_send(a.number(3)), [&](const void* address, long length) {
                       return NEXT(syscall)(SYS_sendto, a.word[0], a.word[1], a.word[2], a.word[3],
                                            address, length);
                     });
}

long sendmsg_by_number(const Arguments& a) {
  const auto* message = a.pointer<const struct msghdr>(1);
  if (message == nullptr) return NEXT(syscall)(SYS_sendmsg, a.word[0], a.word[1], a.word[2]);
  struct msghdr judged = *message;
  if (has_control_messages(judged)) {
    if (const int error = judge_control_messages("sendmsg", a.number(0), judged))
      return fail(error);
  }
  CopiedAddress copy;
  if (copy_name(&judged, &copy)) {
    if (const int error = judge_copy("sendmsg", a.number(0), copy, direction_of_send(a.number(2))))
      return fail(error);
  }
  return NEXT(syscall)(SYS_sendmsg, a.word[0], &judged, a.word[2]);
}

int send_by_number(int descriptor, struct mmsghdr* messages, unsigned count, int flags) {
  return static_cast<int>(NEXT(syscall)(SYS_sendmmsg, descriptor, messages, count, flags));
}

long setsockopt_by_number(const Arguments& a) {
  const OptionCall judged(a.number(0), a.number(1), a.number(2), a.pointer<void>(3),
                          static_cast<socklen_t>(a.word[4]));
  if (judged.error != 0) return fail(judged.error);
  return NEXT(syscall)(SYS_setsockopt, a.word[0], a.word[1], a.word[2], judged.value, judged.size);
}

long bind_by_number(const Arguments& a) {
  const auto* given = a.pointer<const struct sockaddr>(1);
  const auto length = static_cast<socklen_t>(a.word[2]);
  CopiedAddress copy;
  if (!copy_address(given, length, &copy)) return NEXT(syscall)(SYS_bind, a.word[0], given, length);
  note_chosen_interface(copy);
  if (has_protected_trees()) {
    if (const int error = judge_socket_file("bind", a.number(0), copy)) return fail(error);
  }
  return NEXT(syscall)(SYS_bind, a.word[0], copy.get(), copy.length);
}

constexpr int kEmptyPath = 0x1000;  // AT_EMPTY_PATH

int judge_utimensat(const Arguments& arguments) {
  const char* path = arguments.path(1);
  if (path == nullptr) {  // the kernel takes no flags for a descriptor
    return arguments.number(3) != 0
               ? 0
               : judge_metadata_of_descriptor("utimensat", arguments.number(0));
  }
  if (names_descriptor(path, arguments.number(3)))
    return judge_metadata_of_file("utimensat", arguments.number(0));
  return judge_metadata("utimensat", arguments.number(0), path,
                        (arguments.number(3) & AT_SYMLINK_NOFOLLOW) == 0);
}

int judge_fchmodat2(const Arguments& arguments) {
  const int flags = arguments.number(3);
  if (names_descriptor(arguments.path(1), flags))
    return judge_metadata_of_file("fchmodat2", arguments.number(0));
  return judge_metadata("fchmodat2", arguments.number(0), arguments.path(1),
                        (flags & AT_SYMLINK_NOFOLLOW) == 0);
}

int judge_removal(const Arguments& arguments) {
  return (arguments.number(2) & AT_REMOVEDIR) != 0
             ? judge_remove_directory("unlinkat", arguments.number(0), arguments.path(1))
             : judge_remove_file("unlinkat", arguments.number(0), arguments.path(1));
}

struct AttributeArguments {  // struct xattr_args
  std::uint64_t value;
  std::uint32_t size, flags;
};

// Extended attributes and what chattr(1) changes.
int judge_attribute_call(long number, const Arguments& a) {
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
    case 463: {
      const auto* given = a.pointer<const AttributeArguments>(4);
      if (given == nullptr || static_cast<std::size_t>(a.word[5]) < sizeof(*given) ||
          attribute_is_wrong(a.path(3), given->size, static_cast<int>(given->flags)))
        return 0;
      return judge_owner_at("setxattrat", a.number(0), a.path(1), a.number(2));
    }
    case 466:
      return attribute_is_wrong(a.path(3), 0, 0)
                 ? 0
                 : judge_owner_at("removexattrat", a.number(0), a.path(1), a.number(2));
    default:  // file_setattr
      return judge_owner_at("file_setattr", a.number(0), a.path(1), a.number(4));
  }
}

// The paths of a call, for [cache] redirect: which words, and which word says from where (-1: from
// the working directory).
struct PathWords {
  int path[2] = {-1, -1};
  int directory[2] = {-1, -1};
};

PathWords paths_of(long number) {
  switch (number) {
    case SYS_openat:
    case 437:  // openat2
    case SYS_newfstatat:
    case SYS_statx:
    case SYS_faccessat:
    case 439:  // faccessat2
    case SYS_readlinkat:
    case SYS_mkdirat:
    case SYS_unlinkat:
    case SYS_fchmodat:
    case 452:  // fchmodat2
    case SYS_utimensat:
    case SYS_mknodat:
    case SYS_fchownat:
    case 463:  // setxattrat
    case 466:  // removexattrat
    case 469:  // file_setattr
      return {{1, -1}, {0, -1}};
#ifdef SYS_renameat
    case SYS_renameat:
#endif
    case SYS_renameat2:
    case SYS_linkat:
      return {{1, 3}, {0, 2}};
    case SYS_symlinkat:
      return {{2, -1}, {1, -1}};
    case SYS_chdir:
    case SYS_truncate:
    case SYS_statfs:
    case SYS_setxattr:
    case SYS_lsetxattr:
    case SYS_removexattr:
    case SYS_lremovexattr:
    case SYS_getxattr:
    case SYS_lgetxattr:
    case SYS_listxattr:
    case SYS_llistxattr:
#if defined(__x86_64__)
    case SYS_open:
    case SYS_creat:
    case SYS_stat:
    case SYS_lstat:
    case SYS_access:
    case SYS_readlink:
    case SYS_mkdir:
    case SYS_unlink:
    case SYS_rmdir:
    case SYS_chmod:
    case SYS_utime:
    case SYS_utimes:
    case SYS_mknod:
    case SYS_chown:
    case SYS_lchown:
#endif
      return {{0, -1}, {-1, -1}};
#if defined(__x86_64__)
    case SYS_rename:
    case SYS_link:
      return {{0, 1}, {-1, -1}};
    case SYS_symlink:
      return {{1, -1}, {-1, -1}};
    case SYS_futimesat:
      return {{1, -1}, {0, -1}};
#endif
    default:
      return {};
  }
}

// What the kernel told, by the names that the program knows.
long known_answer(long number, const Arguments& given, const Arguments& a, long result) {
  if (result < 0) return result;
  if (number == SYS_chdir) {
    note_directory_changed_to(a.path(0), a.word[0] != given.word[0] && is_target(a.path(0)));
  } else if (number == SYS_fchdir) {
    note_directory_change(true);
  } else if (number == SYS_readlinkat) {
    return known_link(a.path(1), a.pointer<char>(2), static_cast<std::size_t>(a.word[3]), result);
#if defined(__x86_64__)
  } else if (number == SYS_readlink) {
    return known_link(a.path(0), a.pointer<char>(1), static_cast<std::size_t>(a.word[2]), result);
#endif
  } else if (number == SYS_getcwd && directory_is_redirected()) {
    return known_directory(a.pointer<char>(0), static_cast<std::size_t>(a.word[1]), result);
  }
  return result;
}

// Which words of a call that may write are texts: those are copied before they are judged.
struct TextWords {
  int word[2] = {-1, -1};
};

TextWords writing_open(int path, int flags) {
  return open_can_write(flags) ? TextWords{{path, -1}} : TextWords{};
}

TextWords texts_of(long number, const Arguments& a) {
  switch (number) {
    case SYS_openat:
      return writing_open(1, a.number(2));
    case 437:  // openat2
      return has_usable_size(static_cast<std::size_t>(a.word[3])) &&
                     openat2_can_write(a.pointer<const void>(2))
                 ? TextWords{{1, -1}}
                 : TextWords{};
    case SYS_mkdirat:
    case SYS_unlinkat:
    case SYS_fchmodat:
    case 452:  // fchmodat2
    case SYS_utimensat:
    case SYS_mknodat:
    case SYS_fchownat:
    case 469:  // file_setattr
      return {{1, -1}};
#ifdef SYS_renameat
    case SYS_renameat:
#endif
    case SYS_renameat2:
    case SYS_linkat:
    case 463:  // setxattrat
    case 466:  // removexattrat
      return {{1, 3}};
    case SYS_symlinkat:
      return {{0, 2}};
    case SYS_setxattr:
    case SYS_lsetxattr:
    case SYS_removexattr:
    case SYS_lremovexattr:
      return {{0, 1}};
    case SYS_fsetxattr:
    case SYS_fremovexattr:
      return {{1, -1}};
    case SYS_truncate:
    case SYS_acct:
    case SYS_swapon:
    case SYS_swapoff:
      return {{0, -1}};
#if defined(__x86_64__)
    case SYS_open:
      return writing_open(0, a.number(1));
    case SYS_creat:
    case SYS_mkdir:
    case SYS_unlink:
    case SYS_rmdir:
    case SYS_chmod:
    case SYS_utime:
    case SYS_utimes:
    case SYS_mknod:
    case SYS_chown:
    case SYS_lchown:
      return {{0, -1}};
    case SYS_rename:
    case SYS_link:
    case SYS_symlink:
      return {{0, 1}};
    case SYS_futimesat:
      return {{1, -1}};
#endif
    default:
      return {};
  }
}

// Further memory that decides what is written: which word leads to how much of it.
struct BlockWord {
  int word;
  std::size_t bytes;
};

BlockWord block_of(long number, const Arguments& a) {
  if (number == 437 /* openat2 */ && has_usable_size(static_cast<std::size_t>(a.word[3])))
    return {2, static_cast<std::size_t>(a.word[3])};
  constexpr long kMost = 4096;
  if (number == 463 /* setxattrat */ && a.word[5] >= long{sizeof(AttributeArguments)} &&
      a.word[5] <= kMost)
    return {4, static_cast<std::size_t>(a.word[5])};
  if (number == SYS_open_by_handle_at && open_can_write(a.number(2)) &&
      a.pointer<void>(1) != nullptr)
    return {1, bytes_of_handle(a.pointer<void>(1))};
  return {0, 0};
}

// 0: pass it on.
int judge_file_call(long number, const Arguments& a) {
  switch (number) {
    case SYS_openat:
      return judge_opening("openat", a.number(0), a.path(1), a.number(2));
    case 437:  // openat2
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
    case 452:  // fchmodat2, Linux 6.6
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
    case 463:  // setxattrat, Linux 6.13
    case 466:  // removexattrat
    case 469:  // file_setattr, Linux 6.17
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

// access(W_OK) is judged after the kernel has granted it.
int check_access(long number, const Arguments& a) {
  switch (number) {
    case SYS_faccessat:
      return (a.number(2) & W_OK) != 0 ? judge_write_access(a.number(0), a.path(1), true, false)
                                       : 0;
    case 439:  // faccessat2
      return (a.number(2) & W_OK) != 0
                 ? judge_write_access(a.number(0), a.path(1),
                                      (a.number(3) & AT_SYMLINK_NOFOLLOW) == 0,
                                      (a.number(3) & kEmptyPath) != 0)
                 : 0;
#if defined(__x86_64__)
    case SYS_access:
      return (a.number(1) & W_OK) != 0 ? judge_write_access(AT_FDCWD, a.path(0), true, false) : 0;
#endif
    default:
      return 0;
  }
}

long chroot_by_number(const Arguments& a) {
  const char* path = a.path(0);
  COPY_PATH(path);
  open_run_state();
  const int tree = is_text(path) ? tree_of_new_root(path) : kOutside;
  const long result = NEXT(syscall)(SYS_chroot, path);
  if (result != 0) return result;
  forget_root();
  remember_root_in(tree);
  return result;
}

long exec_by_number(long number, Arguments a) {
  const bool at = number == SYS_execveat;
  const char* path = a.path(at ? 1 : 0);
  COPY_PATH(path);
  REDIRECT_AT(at ? a.number(0) : AT_FDCWD, path);
  a.word[at ? 1 : 0] = sys::word(path);
  const bool descriptor = at && names_descriptor(a.path(1), a.number(4));
  char* const* arguments = a.pointer<char* const>(at ? 2 : 1);
  const int error = !is_text(path) ? 0
                    : !at          ? judge_exec("execve", AT_FDCWD, path, arguments)
                    : descriptor   ? judge_exec_of_descriptor("execveat", a.number(0), arguments)
                                   : judge_exec("execveat", a.number(0), path, arguments);
  if (error != 0) return fail(error);
  ExecEnvironment plan(a.pointer<const char* const>(at ? 3 : 2));
  EXEC_MEMORY(memory, plan.size(), kEnvironment);
  if (memory == nullptr) return fail(ENOMEM);
  char** fresh = plan.build(memory);
  flush_counts();
  return at ? NEXT(syscall)(number, a.word[0], a.word[1], a.word[2], fresh, a.word[4])
            : NEXT(syscall)(number, a.word[0], a.word[1], fresh);
}

#if defined(__x86_64__)
// The second set of numbers, which few kernels have (CONFIG_X86_X32_ABI): the same calls, some with
// other layouts. A kernel without it says ENOSYS, and so is everybody told who asks.
bool is_x32(long number) { return number > 0 && (number & 0x40000000) != 0; }
#endif

bool sets_filter(long number, const Arguments& a) {
  constexpr int kMostSettingMode = 1;  // SECCOMP_SET_MODE_STRICT and _FILTER; the others ask
  return (number == SYS_seccomp && a.number(0) <= kMostSettingMode) ||
         (number == SYS_prctl && a.number(0) == PR_SET_SECCOMP);
}

// Descriptors that a call brought from another process.
void hold_received_by(long number, const Arguments& a, long result) {
  if (number == SYS_recvmsg) {
    hold_received_in("recvmsg", *a.pointer<const struct msghdr>(1));
  } else if (number == SYS_recvmmsg) {
    for (long i = 0; i < result; ++i)
      hold_received_in("recvmmsg", a.pointer<const struct mmsghdr>(1)[i].msg_hdr);
  } else if (number == 438 /* pidfd_getfd */) {
    hold_received("pidfd_getfd", static_cast<int>(result));
  }
}

}  // namespace

INTERPOSE(long, syscall, (long asked, ...)) {
  Arguments a;
  va_list list;
  va_start(list, asked);
  for (long& word : a.word) word = va_arg(list, long);
  va_end(list);
  // The kernel looks at the lower half of the register alone (on x86-64 since Linux 5.13).
  const long number = static_cast<int>(asked);
  int error = 0;
#if defined(__x86_64__)
  if (is_x32(number)) return fail(ENOSYS);
#endif
  Arguments given = a;
  switch (number) {
    case SYS_execve:
    case SYS_execveat:
      return exec_by_number(number, a);
    case SYS_connect:
      return connect_by_number(a);
    case SYS_sendto:
      return sendto_by_number(a);
    case SYS_sendmsg:
      return sendmsg_by_number(a);
    case SYS_sendmmsg:
      return send_messages(send_by_number, a.number(0), a.pointer<struct mmsghdr>(1),
                           static_cast<unsigned>(a.word[2]), a.number(3));
    case SYS_setsockopt:
      return setsockopt_by_number(a);
    case SYS_getsockopt:
      error = judge_option_read(a.number(0), a.number(1), a.number(2), a.pointer<void>(3),
                                a.pointer<const socklen_t>(4));
      break;
    case SYS_socket:
      error = judge_socket("socket", a.number(0), a.number(1));
      break;
    case 425:  // io_uring_setup: what goes through a ring is seen by nobody; programs do without
    case 426:  // io_uring_enter: nor what goes through one that came from elsewhere
    case 427:  // io_uring_register
      error = ENOSYS;
      break;
    case SYS_chroot:
      return chroot_by_number(a);
    case SYS_bind:
      return bind_by_number(a);
    case SYS_exit_group:
      flush_counts();
      break;
    default:
      if (!has_protected_trees()) break;
      if (const BlockWord block = block_of(number, a); block.bytes != 0) {
        auto* memory = a.pointer<void>(block.word);
        COPY_BLOCK(memory, block.bytes);
        a.word[block.word] = sys::word(memory);
      }
      bool readable = true;
      given = a;
      for (const int word : texts_of(number, a).word) {
        if (word < 0) continue;
        const char* text = a.path(word);
        COPY_PATH(text);
        a.word[word] = sys::word(text);
        readable = readable && is_text(text);
      }
      if (has_redirects()) {
        const PathWords paths = paths_of(number);
        for (int i = 0; i < 2; ++i) {
          if (paths.path[i] < 0) continue;
          const char* path = a.path(paths.path[i]);
          REDIRECT_AT(paths.directory[i] < 0 ? AT_FDCWD : a.number(paths.directory[i]), path);
          a.word[paths.path[i]] = sys::word(path);
        }
      }
      if (readable) error = judge_file_call(number, a);
  }
  if (error != 0) return fail(error);
  const bool new_root = number == SYS_setns || number == SYS_unshare || number == SYS_pivot_root;
  if (new_root) open_run_state();
  long result =
      NEXT(syscall)(asked, a.word[0], a.word[1], a.word[2], a.word[3], a.word[4], a.word[5]);
  if (has_redirects()) result = known_answer(number, given, a, result);
  if (result == 0 && new_root) forget_root();
  if (result >= 0) hold_received_by(number, a, result);
  if (result >= 0 && sets_filter(number, a)) note_own_filter();
  if (result == 0 && has_protected_trees()) {
    error = check_access(number, a);
    if (error != 0) return fail(error);
    if (number == SYS_statfs) mark_read_only(a.path(0), a.pointer<struct statfs>(1));
    if (number == SYS_fstatfs) mark_read_only(a.number(0), a.pointer<struct statfs>(1));
  }
  return result;
}
