// syscall(2): the numbers whose functions are hooked are judged like them; every other number is
// passed on untouched.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/read_only.h"
#include "core/sys.h"
#include "core/text.h"
#include "shim/exec_memory.h"
#include "shim/interpose.h"
#include "shim/judge_exec.h"
#include "shim/judge_network.h"
#include "shim/judge_path.h"
#include "shim/locate.h"
#include "shim/managed_environment.h"
#include "shim/refusal.h"
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

constexpr std::uint64_t kResolveInRoot = 0x10;
constexpr std::size_t kHowBytes = 24;

long look_up(int directory, const char* path, std::uint64_t flags, std::uint64_t resolve) {
  const std::uint64_t how[3] = {O_PATH | O_CLOEXEC | flags, 0, resolve};
  return sys::call(437 /* openat2 */, directory, sys::word(path), sys::word(how), sizeof(how));
}

// The same lookup of what comes before the last component, which is missing.
long look_up_parent(int directory, const char* path, std::uint64_t resolve, const char** name) {
  const std::string_view text(path);
  std::size_t start = text.size();
  while (start > 0 && path[start - 1] != '/') --start;
  *name = path + start;
  char parent[4096];
  Appender out(parent);
  out.add(start == 0 ? std::string_view(".") : slice(text, 0, start));
  if (out.room() == 0) return -ENAMETOOLONG;
  return look_up(directory, out.c_str(), O_DIRECTORY, resolve);
}

// "/" and ".." mean something else in such a path: what is judged is what the kernel finds by it.
int judge_in_root(int directory, const char* path, int flags, std::uint64_t resolve) {
  const long found = look_up(directory, path, static_cast<unsigned>(flags) & O_NOFOLLOW, resolve);
  int error = 0;
  if (found >= 0) {
    if ((flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL))
      error = judge_reopen("openat2", static_cast<int>(found), flags & ~O_NOFOLLOW);
    sys::close(static_cast<int>(found));
  } else if (found == -ENOENT && (flags & O_CREAT) != 0) {
    const char* name = nullptr;
    const long parent = look_up_parent(directory, path, resolve, &name);
    if (parent < 0) return 0;
    error = judge_opening("openat2", static_cast<int>(parent), name, flags);
    sys::close(static_cast<int>(parent));
  }
  return error;
}

// The kernel applies its restrictions on the way (RESOLVE_BENEATH and others) before it thinks of
// writing: a lookup that fails on them is left to it.
int judge_openat2(const Arguments& arguments) {
  const auto* how = arguments.pointer<const std::uint64_t>(2);
  if (how == nullptr || static_cast<std::size_t>(arguments.word[3]) < kHowBytes) return 0;
  const auto flags = static_cast<int>(how[0]);
  const std::uint64_t resolve = how[2];
  const int directory = arguments.number(0);
  const char* path = arguments.path(1);
  if (!open_can_write(flags) || path == nullptr) return 0;
  if ((resolve & kResolveInRoot) != 0) return judge_in_root(directory, path, flags, resolve);
  if (resolve != 0) {
    const long found = look_up(directory, path, how[0] & O_NOFOLLOW, resolve);
    if (found >= 0) sys::close(static_cast<int>(found));
    if (found < 0 && found != -ENOENT) return 0;
  }
  return judge_opening("openat2", directory, path, flags);
}

// Judges the address of a call and passes the judged copy on, never the caller's own, which another
// thread may change in between. `pass(address, length)` makes the call.
template <class Pass>
long judged_call(const char* operation, int descriptor, const void* address, long length,
                 Direction direction, const Pass& pass) {
  const auto* given = static_cast<const struct sockaddr*>(address);
  CopiedAddress copy;
  if (needs_no_judgement(given, static_cast<socklen_t>(length), direction) ||
      !copy_address(given, static_cast<socklen_t>(length), &copy)) {
    return pass(address, length);
  }
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
  return judged_call("sendmsg", a.number(0), judged.msg_name, used_name_length(judged),
                     direction_of_send(a.number(2)), [&](const void* address, long length) {
                       if (address == judged.msg_name)
                         return NEXT(syscall)(SYS_sendmsg, a.word[0], message, a.word[2]);
                       judged.msg_name = const_cast<void*>(address);
                       judged.msg_namelen = static_cast<socklen_t>(length);
                       return NEXT(syscall)(SYS_sendmsg, a.word[0], &judged, a.word[2]);
                     });
}

// As the kernel does: an error is only told if nothing was sent before it.
long sendmmsg_by_number(const Arguments& a) {
  const auto* messages = a.pointer<const struct mmsghdr>(1);
  const auto count = static_cast<unsigned>(a.word[2]);
  const Direction direction = direction_of_send(a.number(3));
  unsigned allowed = 0;
  for (; messages != nullptr && allowed < count; ++allowed) {
    const struct msghdr& message = messages[allowed].msg_hdr;
    const auto judge_only = [](const void*, long) { return 0L; };
    if (judged_call("sendmmsg", a.number(0), message.msg_name, used_name_length(message), direction,
                    judge_only) != 0) {
      if (allowed == 0) return -1;
      break;
    }
  }
  return NEXT(syscall)(SYS_sendmmsg, a.word[0], a.word[1], messages == nullptr ? count : allowed,
                       a.word[3]);
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

// 0: pass it on.
int judge_file_call(long number, const Arguments& a) {
  switch (number) {
    case SYS_openat:
      return judge_opening("openat", a.number(0), a.path(1), a.number(2));
    case 437:  // openat2
      return judge_openat2(a);
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

long exec_by_number(long number, const Arguments& a) {
  const bool at = number == SYS_execveat;
  const bool descriptor = at && names_descriptor(a.path(1), a.number(4));
  const int error = !at          ? judge_exec("execve", AT_FDCWD, a.path(0))
                    : descriptor ? judge_exec_of_descriptor("execveat", a.number(0))
                                 : judge_exec("execveat", a.number(0), a.path(1));
  if (error != 0) return fail(error);
  ExecEnvironment plan(a.pointer<const char* const>(at ? 3 : 2));
  EXEC_MEMORY(memory, plan.size(), kEnvironment);
  if (memory == nullptr) return fail(ENOMEM);
  char** fresh = plan.build(memory);
  flush_counts();
  return at ? NEXT(syscall)(number, a.word[0], a.word[1], a.word[2], fresh, a.word[4])
            : NEXT(syscall)(number, a.word[0], a.word[1], fresh);
}

}  // namespace

INTERPOSE(long, syscall, (long number, ...)) {
  Arguments a;
  va_list list;
  va_start(list, number);
  for (long& word : a.word) word = va_arg(list, long);
  va_end(list);
  int error = 0;
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
      return sendmmsg_by_number(a);
    case SYS_socket:
      error = judge_socket("socket", a.number(0), a.number(1));
      break;
    case 425:  // io_uring_setup: what goes through a ring is seen by nobody; programs do without
      error = ENOSYS;
      break;
    case SYS_exit_group:
      flush_counts();
      break;
    default:
      if (has_protected_trees()) error = judge_file_call(number, a);
  }
  if (error != 0) return fail(error);
  const bool new_root = number == SYS_chroot || number == SYS_setns || number == SYS_unshare ||
                        number == SYS_pivot_root;
  if (new_root) open_run_state();
  const long result =
      NEXT(syscall)(number, a.word[0], a.word[1], a.word[2], a.word[3], a.word[4], a.word[5]);
  if (result == 0 && new_root) forget_root();
  if (result == 0 && has_protected_trees()) {
    error = check_access(number, a);
    if (error != 0) return fail(error);
  }
  return result;
}
