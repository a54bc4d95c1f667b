// syscall(2): the numbers whose functions are hooked are judged like them, as system_calls.def
// says; every other number is passed on untouched.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "core/sys.h"
#include "shim/caller_path.h"
#include "shim/exec_memory.h"
#include "shim/files_by_number.h"
#include "shim/interpose.h"
#include "shim/judge_exec.h"
#include "shim/judge_network.h"
#include "shim/judge_path.h"
#include "shim/judge_socket_option.h"
#include "shim/locate.h"
#include "shim/managed_environment.h"
#include "shim/mount_flags.h"
#include "shim/network_by_number.h"
#include "shim/own_filter.h"
#include "shim/received.h"
#include "shim/redirect.h"
#include "shim/refusal.h"
#include "shim/shared_state.h"
#include "shim/system_call_numbers.h"
#include "shim/system_call_texts.h"

using namespace hfoffline;
using namespace hfoffline::shim;

namespace {

using Arguments = SystemCallArguments;

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
  } else if (number == SYS_pidfd_getfd) {
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
      return sendmmsg_by_number(a);
    case SYS_setsockopt:
      return setsockopt_by_number(a);
    case SYS_getsockopt:
      error = judge_option_read(a.number(0), a.number(1), a.number(2), a.pointer<void>(3),
                                a.pointer<const socklen_t>(4));
      break;
    case SYS_socket:
      error = judge_socket("socket", a.number(0), a.number(1));
      break;
    // What goes through a ring is seen by nobody; programs do without one, and use none that came
    // from elsewhere.
    case SYS_io_uring_setup:
    case SYS_io_uring_enter:
    case SYS_io_uring_register:
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
      if (const SystemCallBlock block = block_of(number, a); block.bytes != 0) {
        auto* memory = a.pointer<void>(block.word);
        COPY_BLOCK(memory, block.bytes);
        a.word[block.word] = sys::word(memory);
      }
      bool readable = true;
      given = a;
      const SystemCallTexts texts = texts_of(number);
      if (is_copied(texts.effect, number, a)) {
        for (const SystemCallText& text : texts.text) {
          if (text.word < 0) continue;
          const char* copy = a.path(text.word);
          COPY_PATH(copy);
          a.word[text.word] = sys::word(copy);
          readable = readable && is_text(copy);
        }
      }
      if (has_redirects()) {
        for (const SystemCallText& text : texts.text) {
          if (text.directory == SystemCallText::kNoPath) continue;
          const bool from_here = text.directory == SystemCallText::kWorkingDirectory;
          const char* path = a.path(text.word);
          REDIRECT_AT(from_here ? AT_FDCWD : a.number(text.directory), path);
          a.word[text.word] = sys::word(path);
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
    error = judge_granted_access(number, a);
    if (error != 0) return fail(error);
    if (number == SYS_statfs) mark_read_only(a.path(0), a.pointer<struct statfs>(1));
    if (number == SYS_fstatfs) mark_read_only(a.number(0), a.pointer<struct statfs>(1));
  }
  return result;
}
