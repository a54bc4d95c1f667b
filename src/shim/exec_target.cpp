#include "shim/exec_target.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/dynamic_loader.h"
#include "core/elf_segments.h"
#include "core/go_program.h"
#include "core/sys.h"
#include "core/text.h"
#include "shim/descriptor_link.h"
#include "shim/policy_source.h"
#include "shim/script_interpreter.h"

namespace hfoffline::shim {
namespace {

constexpr int kMaximumInterpreters = 4;  // the kernel's own limit is 5 (BINPRM_MAX_RECURSION)
constexpr unsigned kHeaderBytes = 256;   // as much as the kernel looks at (BINPRM_BUF_SIZE)

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
#endif

long read_at(int descriptor, void* buffer, std::size_t size, std::uint64_t offset) {
  return sys::call(SYS_pread64, descriptor, sys::word(buffer), static_cast<long>(size),
                   static_cast<long>(offset));
}

bool runs_with_privileges(int descriptor, const sys::Stat& status) {
  // root gains nothing from a root-owned setuid file, and the loader then still takes LD_PRELOAD.
  if ((status.mode & S_ISUID) != 0 && status.uid != static_cast<std::uint32_t>(sys::geteuid()))
    return true;
  constexpr std::uint32_t kSetGroup = S_ISGID | S_IXGRP;
  if ((status.mode & kSetGroup) == kSetGroup &&
      status.gid != static_cast<std::uint32_t>(sys::call(SYS_getegid))) {
    return true;
  }
  char capabilities[64];
  return sys::geteuid() != 0 &&
         sys::call(SYS_fgetxattr, descriptor, sys::word("security.capability"),
                   sys::word(capabilities), sizeof(capabilities)) > 0;
}

Reason inspect(int descriptor, int depth, char* const* arguments);

// The loader takes us along, but into a static program only as far as its own end. What else is odd
// about the program, the loader sees to.
Reason inspect_loaded(char* const* arguments) {
  const char* program = loaded_program(arguments);
  if (program == nullptr) return Reason::none;
  const long descriptor = sys::open(program, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return Reason::none;
  const Reason reason = inspect(static_cast<int>(descriptor), kMaximumInterpreters, nullptr);
  sys::close(static_cast<int>(descriptor));
  return reason == Reason::exec_static || reason == Reason::exec_own_calls ? reason : Reason::none;
}

Reason inspect_elf(int descriptor, const unsigned char* bytes, std::size_t size,
                   char* const* arguments) {
  Elf64_Ehdr header;
  if (size < sizeof(header) || bytes[EI_CLASS] != ELFCLASS64 || bytes[EI_DATA] != ELFDATA2LSB) {
    return Reason::exec_foreign;
  }
  __builtin_memcpy(&header, bytes, sizeof(header));
  if (header.e_machine != kMachine) return Reason::exec_foreign;
  ElfSegments segments(descriptor);
  if (segments.is_damaged()) return Reason::none;  // exec says so itself
  while (const Elf64_Phdr* segment = segments.next()) {
    if (segment->p_type == PT_INTERP)
      return is_go_program(segments) ? Reason::exec_own_calls : Reason::none;
  }
  return is_dynamic_loader(segments) ? inspect_loaded(arguments) : Reason::exec_static;
}

Reason inspect(int descriptor, int depth, char* const* arguments) {
  sys::Stat status;
  // Not by statx(2), which the program's own filter of system calls may not expect here.
  if (sys::fstatat_without_statx(descriptor, "", &status, sys::kEmptyPath) != 0 ||
      !S_ISREG(status.mode))
    return Reason::none;
  unsigned char bytes[kHeaderBytes];
  const long count = read_at(descriptor, bytes, sizeof(bytes), 0);
  if (count < 4) return Reason::none;
  const auto size = static_cast<std::size_t>(count);
  if (__builtin_memcmp(bytes, ELFMAG, SELFMAG) == 0) {
    return runs_with_privileges(descriptor, status)
               ? Reason::exec_privileged
               : inspect_elf(descriptor, bytes, size, arguments);
  }
  if (bytes[0] != '#' || bytes[1] != '!' || depth == kMaximumInterpreters) return Reason::none;
  char path[kHeaderBytes];
  Appender(path).add(script_interpreter({reinterpret_cast<char*>(bytes), size})).c_str();
  const long interpreter = sys::open(path, O_RDONLY | O_CLOEXEC);
  if (interpreter < 0) return Reason::none;
  const Reason reason = inspect(static_cast<int>(interpreter), depth + 1, nullptr);
  sys::close(static_cast<int>(interpreter));
  return reason;
}

// After seteuid() the loader ignores us in whatever is started, too (cap_bprm_creds_from_file in
// the kernel).
bool starts_with_privileges() {
  std::uint32_t real = 0;
  std::uint32_t effective = 0;
  std::uint32_t saved = 0;
  sys::call(SYS_getresuid, sys::word(&real), sys::word(&effective), sys::word(&saved));
  if (real != effective) return true;
  sys::call(SYS_getresgid, sys::word(&real), sys::word(&effective), sys::word(&saved));
  return real != effective;
}

}  // namespace

Reason inspect_target(int directory, const char* path, char* const* arguments) {
  if (starts_with_privileges() && sys::faccessat(directory, path, X_OK, sys::kEffectiveIds) == 0)
    return Reason::exec_privileged;
  long descriptor = sys::openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor == -13 /* EACCES */) {
    // Executable but not readable: only the mode can be looked at, and the loader will still take
    // us.
    sys::Stat status;
    if (sys::fstatat(directory, path, &status) == 0 && (status.mode & (S_ISUID | S_ISGID)) != 0) {
      return Reason::exec_privileged;
    }
    return Reason::none;
  }
  if (descriptor < 0) return Reason::none;
  const Reason reason = inspect(static_cast<int>(descriptor), 0, arguments);
  sys::close(static_cast<int>(descriptor));
  return reason;
}

Reason inspect_open_target(int descriptor, char* const* arguments) {
  // The descriptor may be O_PATH: read through another one.
  return inspect_target(AT_FDCWD, DescriptorLink(descriptor).text, arguments);
}

// As the loader will: a filter of system calls that forbids this ends the new program, too.
bool shim_is_reachable() {
  const long descriptor = sys::open(shim_file(), O_RDONLY | O_CLOEXEC);
  if (descriptor >= 0) sys::close(static_cast<int>(descriptor));
  const bool none_left = descriptor == -EMFILE || descriptor == -ENFILE;
  return descriptor >= 0 || (none_left && sys::faccessat(AT_FDCWD, shim_file(), R_OK, 0) == 0);
}

}  // namespace hfoffline::shim
