#include "shim/open_at_once.h"

#include <errno.h>
#include <fcntl.h>

#include <string_view>

#include "core/sys.h"
#include "shim/next_symbol.h"
#include "shim/own_filter.h"
#include "shim/path_text.h"
#include "shim/redirect.h"
#include "shim/short_path.h"
#include "shim/system_call_numbers.h"
#include "shim/valgrind.h"

namespace hfoffline::shim {
namespace {

// glibc's own flag (2.32 and later); without it every process counts as threaded. Points to a zero
// until it was looked for.
constexpr char kThreaded = 0;
const char* single_threaded = &kThreaded;
// Whether no other library wants to see opens, and the call that is used instead is known.
std::uint8_t opens_are_plain;  // 0: not looked, 1: yes, 2: no

__attribute__((noinline, cold)) std::uint8_t look_at_opens() {
  const auto* flag = static_cast<const char*>(find_next("__libc_single_threaded"));
  if (flag != nullptr) __atomic_store_n(&single_threaded, flag, __ATOMIC_RELEASE);
  const bool plain = next_is_libc(Slot::open) && next_is_libc(Slot::openat) && !runs_in_valgrind();
  const std::uint8_t found = plain ? 1 : 2;
  __atomic_store_n(&opens_are_plain, found, __ATOMIC_RELEASE);
  return found;
}

// With these the text of a path is the whole truth: RESOLVE_NO_SYMLINKS, and RESOLVE_NO_XDEV,
// since a mount on the way may be a tree by another name.
constexpr std::uint64_t kNoSymlinks = 0x04;
constexpr std::uint64_t kNoMounts = 0x01;

long open_restricted(int directory, const char* path, int flags, unsigned mode,
                     std::uint64_t resolve) {
  const struct {
    std::uint64_t flags, mode, resolve;
  } how = {static_cast<std::uint32_t>(flags), mode, resolve};
  return sys::call(SYS_openat2, directory, sys::word(path), sys::word(&how), sizeof(how));
}

// What openat2 says that openat would not.
bool is_undecided(long result) {
  switch (result) {
    case -ELOOP:   // a symbolic link on the way
    case -EXDEV:   // a mount on the way
    case -EINVAL:  // flags that open(2) ignores
    case -E2BIG:
    case -EAGAIN:
    case -ENOSYS:  // before Linux 5.6, or a seccomp filter that does not know it
    case -EPERM:
    case -EACCES:
      return true;
    default:
      return false;
  }
}

// /tmp and /home are often mounts: what was found to be no tree's other name before is none.
__attribute__((noinline)) long open_across_mount(std::string_view path, int flags, unsigned mode) {
  if (!is_in_outside_directory(path)) return kUndecided;
  const long result =
      open_restricted(sys::kCurrentDirectory, path.data(), flags, mode, kNoSymlinks);
  return is_undecided(result) ? kUndecided : result;
}

}  // namespace

bool may_open_at_once() {
  std::uint8_t plain = __atomic_load_n(&opens_are_plain, __ATOMIC_ACQUIRE);
  if (__builtin_expect(plain == 0, 0)) plain = look_at_opens();
  // A filter of the program's own that forbids open(2) need not know openat2.
  return plain == 1 && *__atomic_load_n(&single_threaded, __ATOMIC_RELAXED) != 0 &&
         !has_own_filter();
}

long open_at_once(int directory, const char* path, int flags, unsigned mode) {
  if (!may_open_at_once()) return kUndecided;
  const ShortPath copy(path);
  if (!copy.is_plain_text()) return kUndecided;
  std::string_view text = copy.text();
  if (has_redirects()) {
    path = text.data();
    REDIRECT_AT(directory, path);
    text = path;  // as plain as it was
  }
  const bool creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  const unsigned used_mode = creates ? mode & 07777 : 0;
  const bool absolute = text.starts_with('/');
  switch (absolute ? judge_text(text) : judge_relative_text(directory, text)) {
    case TextAnswer::kUnknown:
      return kUndecided;
    case TextAnswer::kAcrossMount:
      return open_across_mount(text, flags, used_mode);
    case TextAnswer::kOutside:
      break;
  }
  const long result =
      open_restricted(directory, text.data(), flags, used_mode, kNoSymlinks | kNoMounts);
  if (__builtin_expect(result >= 0, 1) || !is_undecided(result)) return result;
  if (result != -EXDEV || !absolute) return kUndecided;
  remember_crossing(text);
  return open_across_mount(text, flags, used_mode);
}

}  // namespace hfoffline::shim
