// exec_target.h for macOS. dyld loads us into every program but those for which the system drops
// DYLD_INSERT_LIBRARIES: what System Integrity Protection covers (/bin, /usr/bin, /sbin, /usr/sbin,
// /System), setuid and setgid programs, and programs signed with the hardened runtime that do not
// ask for it.
#include "shim/exec_target.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>

#include "core/sys.h"
#include "core/text.h"
#include "shim/darwin/program_file.h"
#include "shim/policy_source.h"
#include "shim/script_interpreter.h"

namespace hfoffline::shim {
namespace {

constexpr int kMaximumInterpreters = 1;    // the kernel starts no script's script
constexpr std::size_t kHeaderBytes = 512;  // as much as the kernel looks at (IMG_SHSIZE)

Reason inspect(int directory, const char* path, int depth) {
  const long opened = sys::openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (opened < 0) return Reason::none;
  const auto descriptor = static_cast<int>(opened);
  sys::Stat status;
  unsigned char bytes[kHeaderBytes];
  Reason reason = Reason::none;
  const bool regular = sys::fstat(descriptor, &status) == 0 && S_ISREG(status.mode);
  const long count = regular ? sys::pread(descriptor, bytes, sizeof(bytes), 0) : 0;
  char interpreter[kHeaderBytes] = "";
  if (count >= 8) {
    const auto size = static_cast<std::size_t>(count);
    if (bytes[0] == '#' && bytes[1] == '!') {
      Appender(interpreter)
          .add(script_interpreter({reinterpret_cast<const char*>(bytes), size}))
          .c_str();
    } else if (is_program_file(bytes, size)) {
      const bool changes_user =
          (status.mode & S_ISUID) != 0 && status.uid != static_cast<std::uint32_t>(sys::geteuid());
      const bool changes_group =
          (status.mode & S_ISGID) != 0 && status.gid != static_cast<std::uint32_t>(::getegid());
      if (changes_user || changes_group) {
        reason = Reason::exec_privileged;
      } else if ((status.flags & SF_RESTRICTED) != 0) {
        reason = Reason::exec_protected;
      } else {
        reason = inspect_program_file(descriptor);
      }
    }
  }
  sys::close(descriptor);
  if (interpreter[0] == '\0' || depth == kMaximumInterpreters) return reason;
  return inspect(sys::kCurrentDirectory, interpreter, depth + 1);
}

}  // namespace

Reason inspect_target(int directory, const char* path, char* const*) {
  return ::issetugid() != 0 ? Reason::exec_privileged : inspect(directory, path, 0);
}

// No program is started by a descriptor there.
Reason inspect_open_target(int, char* const*) { return Reason::none; }

bool shim_is_reachable() { return sys::faccessat(AT_FDCWD, shim_file(), R_OK, 0) == 0; }

}  // namespace hfoffline::shim
