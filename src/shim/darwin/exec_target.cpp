// exec_target.h for macOS. dyld loads us into every program but those for which the system drops
// DYLD_INSERT_LIBRARIES: what System Integrity Protection covers (/bin, /usr/bin, /sbin, /usr/sbin,
// /System), setuid and setgid programs, and programs signed with the hardened runtime that do not
// ask for it.
#include "shim/exec_target.h"

#include <fcntl.h>
#include <mach-o/fat.h>
#include <mach-o/loader.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>

#include "core/sys.h"
#include "core/text.h"
#include "shim/mapping.h"
#include "shim/policy_source.h"

namespace hfoffline::shim {
namespace {

constexpr int kMaximumInterpreters = 1;    // the kernel starts no script's script
constexpr std::size_t kHeaderBytes = 512;  // as much as the kernel looks at (IMG_SHSIZE)

// Of the signature's blobs, which are big-endian (xnu's cs_blobs.h).
constexpr std::uint32_t kSuperBlob = 0xfade0cc0;
constexpr std::uint32_t kCodeDirectory = 0xfade0c02;
constexpr std::uint32_t kEntitlements = 0xfade7171;
constexpr std::uint32_t kRestrict = 0x800;           // CS_RESTRICT
constexpr std::uint32_t kHardenedRuntime = 0x10000;  // CS_RUNTIME
constexpr std::string_view kAllowsVariables =
    "com.apple.security.cs.allow-dyld-environment-variables";

std::uint32_t big_endian(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | bytes[3];
}

bool contains_text(std::string_view text, std::string_view wanted) {
  for (std::size_t at = 0; at + wanted.size() <= text.size(); ++at) {
    if (slice(text, at, wanted.size()) == wanted) return true;
  }
  return false;
}

// What a signature says of the program: a list of blobs with the place of each.
bool signature_drops_variables(const unsigned char* bytes, std::size_t size) {
  if (size < 12 || big_endian(bytes) != kSuperBlob) return false;
  const std::uint32_t count = big_endian(bytes + 8);
  bool drops = false;
  bool allows = false;
  for (std::uint32_t i = 0; i < count && 12 + 8 * std::size_t{i + 1} <= size; ++i) {
    const std::size_t at = big_endian(bytes + 12 + 8 * std::size_t{i} + 4);
    if (at + 16 > size) continue;
    const std::uint32_t magic = big_endian(bytes + at);
    const std::size_t length = big_endian(bytes + at + 4);
    if (magic == kCodeDirectory)
      drops = drops || (big_endian(bytes + at + 12) & (kRestrict | kHardenedRuntime)) != 0;
    if (magic == kEntitlements && length >= 8 && length <= size - at) {
      allows = contains_text({reinterpret_cast<const char*>(bytes) + at + 8, length - 8},
                             kAllowsVariables);
    }
  }
  return drops && !allows;
}

constexpr std::size_t kMostSignature = 16 << 20;

Reason inspect_signature(int descriptor, std::uint64_t offset, std::size_t size) {
  if (size > kMostSignature) size = kMostSignature;
  const Mapping memory(size);
  if (memory.get() == nullptr) return Reason::none;
  const long count = sys::pread(descriptor, memory.get(), size, offset);
  const auto* bytes = static_cast<const unsigned char*>(memory.get());
  return count > 0 && signature_drops_variables(bytes, static_cast<std::size_t>(count))
             ? Reason::exec_protected
             : Reason::none;
}

// One program for one kind of processor, `start` bytes into the file.
Reason inspect_program(int descriptor, std::uint64_t start) {
  mach_header_64 header;
  if (sys::pread(descriptor, &header, sizeof(header), start) != static_cast<long>(sizeof(header)) ||
      header.magic != MH_MAGIC_64) {
    return Reason::exec_foreign;
  }
  constexpr std::uint32_t kMostCommands = 1 << 20;
  if (header.filetype != MH_EXECUTE || header.sizeofcmds > kMostCommands) return Reason::none;
  const Mapping memory(header.sizeofcmds);
  if (memory.get() == nullptr ||
      sys::pread(descriptor, memory.get(), header.sizeofcmds, start + sizeof(header)) !=
          static_cast<long>(header.sizeofcmds)) {
    return Reason::none;
  }
  const auto* commands = static_cast<const unsigned char*>(memory.get());
  bool has_loader = false;
  Reason reason = Reason::none;
  load_command command;
  for (std::size_t at = 0; at + sizeof(command) <= header.sizeofcmds; at += command.cmdsize) {
    __builtin_memcpy(&command, commands + at, sizeof(command));
    if (command.cmdsize < sizeof(command) || command.cmdsize > header.sizeofcmds - at) break;
    if (command.cmd == LC_LOAD_DYLINKER) has_loader = true;
    if (command.cmd == LC_SEGMENT_64 && command.cmdsize >= sizeof(segment_command_64)) {
      segment_command_64 segment;
      __builtin_memcpy(&segment, commands + at, sizeof(segment));
      // An empty segment of this name is the old way to be protected.
      if (std::string_view(segment.segname) == "__RESTRICT") reason = Reason::exec_protected;
    }
    if (command.cmd == LC_CODE_SIGNATURE && command.cmdsize >= sizeof(linkedit_data_command)) {
      linkedit_data_command place;
      __builtin_memcpy(&place, commands + at, sizeof(place));
      const Reason found = inspect_signature(descriptor, start + place.dataoff, place.datasize);
      if (found != Reason::none) reason = found;
    }
  }
  return has_loader ? reason : Reason::exec_static;
}

bool runs_here(std::uint32_t processor) {
#if defined(__aarch64__)
  // Intel's programs run in Rosetta, where our other half is loaded.
  return processor == CPU_TYPE_ARM64 || processor == CPU_TYPE_X86_64;
#else
  return processor == CPU_TYPE_X86_64;
#endif
}

// A file for several: any that the shim cannot enter may be the one that is started.
Reason inspect_fat(int descriptor, const unsigned char* bytes, std::size_t size) {
  const std::uint32_t count = big_endian(bytes + 4);
  Reason found = Reason::exec_foreign;
  for (std::size_t i = 0; i < count && 8 + 20 * (i + 1) <= size; ++i) {
    const unsigned char* row = bytes + 8 + 20 * i;  // struct fat_arch
    if (!runs_here(big_endian(row))) continue;
    const Reason reason = inspect_program(descriptor, big_endian(row + 8));
    if (reason != Reason::none) return reason;
    found = Reason::none;
  }
  return found;
}

// The interpreter of "#! /bin/sh -e".
std::string_view script_interpreter(std::string_view text) {
  text.remove_prefix(2);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  std::size_t length = 0;
  while (length < text.size() && text[length] != ' ' && text[length] != '\t' &&
         text[length] != '\n' && text[length] != '\0') {
    ++length;
  }
  return slice(text, 0, length);
}

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
    std::uint32_t magic;
    __builtin_memcpy(&magic, bytes, sizeof(magic));
    if (bytes[0] == '#' && bytes[1] == '!') {
      Appender(interpreter)
          .add(script_interpreter({reinterpret_cast<const char*>(bytes), size}))
          .c_str();
    } else if (magic == MH_MAGIC_64 || big_endian(bytes) == FAT_MAGIC) {
      const bool changes_user =
          (status.mode & S_ISUID) != 0 && status.uid != static_cast<std::uint32_t>(sys::geteuid());
      const bool changes_group =
          (status.mode & S_ISGID) != 0 && status.gid != static_cast<std::uint32_t>(::getegid());
      if (changes_user || changes_group) {
        reason = Reason::exec_privileged;
      } else if ((status.flags & SF_RESTRICTED) != 0) {
        reason = Reason::exec_protected;
      } else {
        reason = magic == MH_MAGIC_64 ? inspect_program(descriptor, 0)
                                      : inspect_fat(descriptor, bytes, size);
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

bool find_in_path(const char* file, const char* search_path, char* found, unsigned long size) {
  const std::string_view name(file);
  Appender out(found, size);
  if (find_byte(name, '/') != std::string_view::npos) {
    out.add(name).c_str();
    return !out.overflowed();
  }
  std::string_view rest =
      search_path != nullptr ? std::string_view(search_path) : "/usr/bin:/bin:/usr/sbin:/sbin";
  for (;;) {
    std::size_t length = find_byte(rest, ':');
    if (length == std::string_view::npos) length = rest.size();
    const std::string_view directory = slice(rest, 0, length);
    out = Appender(found, size);
    if (!directory.empty()) out.add(directory).add_byte('/');
    out.add(name).c_str();
    sys::Stat status;
    if (!out.overflowed() && sys::faccessat(AT_FDCWD, found, X_OK, 0) == 0 &&
        sys::stat(found, &status) == 0 && S_ISREG(status.mode)) {
      return true;
    }
    if (length == rest.size()) return false;
    rest.remove_prefix(length + 1);
  }
}

bool shim_is_reachable() { return sys::faccessat(AT_FDCWD, shim_file(), R_OK, 0) == 0; }

}  // namespace hfoffline::shim
