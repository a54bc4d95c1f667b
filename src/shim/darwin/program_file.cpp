#include "shim/darwin/program_file.h"

#include <string_view>

#include "core/sys.h"
#include "core/text.h"
#include "shim/mapping.h"

namespace hfoffline::shim {
namespace {

// <mach-o/loader.h> and <mach-o/fat.h>, so that the tests on Linux can be of this very code.
constexpr std::uint32_t kMagic = 0xfeedfacf;       // MH_MAGIC_64
constexpr std::uint32_t kFatMagic = 0xcafebabe;    // FAT_MAGIC, big-endian
constexpr std::uint32_t kExecutable = 2;           // MH_EXECUTE
constexpr std::uint32_t kLoaderCommand = 0xe;      // LC_LOAD_DYLINKER
constexpr std::uint32_t kSegmentCommand = 0x19;    // LC_SEGMENT_64
constexpr std::uint32_t kSignatureCommand = 0x1d;  // LC_CODE_SIGNATURE
#if defined(__aarch64__)
constexpr std::uint32_t kArm = 0x0100000c;  // CPU_TYPE_ARM64
#endif
constexpr std::uint32_t kIntel = 0x01000007;  // CPU_TYPE_X86_64

struct Header {  // struct mach_header_64
  std::uint32_t magic, processor, processor_kind, filetype, command_count, command_bytes, flags,
      reserved;
};
struct Command {  // struct load_command
  std::uint32_t command, size;
};
struct SegmentName {  // the start of struct segment_command_64
  Command command;
  char name[16];
};
struct SignaturePlace {  // struct linkedit_data_command
  Command command;
  std::uint32_t offset, size;
};

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

// With the NUL that ends it: a longer name is another one.
constexpr char kRestrictSegment[] = "__RESTRICT";
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
  Header header;
  if (sys::pread(descriptor, &header, sizeof(header), start) != static_cast<long>(sizeof(header)) ||
      header.magic != kMagic) {
    return Reason::exec_foreign;
  }
  constexpr std::uint32_t kMostCommands = 1 << 20;
  if (header.filetype != kExecutable || header.command_bytes > kMostCommands) return Reason::none;
  const Mapping memory(header.command_bytes);
  if (memory.get() == nullptr ||
      sys::pread(descriptor, memory.get(), header.command_bytes, start + sizeof(header)) !=
          static_cast<long>(header.command_bytes)) {
    return Reason::none;
  }
  const auto* commands = static_cast<const unsigned char*>(memory.get());
  bool has_loader = false;
  Reason reason = Reason::none;
  Command command;
  for (std::size_t at = 0; at + sizeof(command) <= header.command_bytes; at += command.size) {
    __builtin_memcpy(&command, commands + at, sizeof(command));
    if (command.size < sizeof(command) || command.size > header.command_bytes - at) break;
    if (command.command == kLoaderCommand) has_loader = true;
    if (command.command == kSegmentCommand && command.size >= sizeof(SegmentName)) {
      SegmentName segment;
      __builtin_memcpy(&segment, commands + at, sizeof(segment));
      // An empty segment of this name is the old way to be protected.
      if (__builtin_memcmp(segment.name, kRestrictSegment, sizeof(kRestrictSegment)) == 0)
        reason = Reason::exec_protected;
    }
    if (command.command == kSignatureCommand && command.size >= sizeof(SignaturePlace)) {
      SignaturePlace place;
      __builtin_memcpy(&place, commands + at, sizeof(place));
      const Reason found = inspect_signature(descriptor, start + place.offset, place.size);
      if (found != Reason::none) reason = found;
    }
  }
  return has_loader ? reason : Reason::exec_static;
}

bool runs_here(std::uint32_t processor) {
#if defined(__aarch64__)
  // Intel's programs run in Rosetta, where our other half is loaded.
  return processor == kArm || processor == kIntel;
#else
  return processor == kIntel;
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

}  // namespace

bool is_program_file(const unsigned char* bytes, std::size_t size) {
  std::uint32_t magic = 0;
  if (size >= sizeof(magic)) __builtin_memcpy(&magic, bytes, sizeof(magic));
  return magic == kMagic || (size >= 8 && big_endian(bytes) == kFatMagic);
}

Reason inspect_program_file(int descriptor) {
  unsigned char bytes[512];
  const long count = sys::pread(descriptor, bytes, sizeof(bytes), 0);
  if (count < 8) return Reason::none;
  return big_endian(bytes) == kFatMagic
             ? inspect_fat(descriptor, bytes, static_cast<std::size_t>(count))
             : inspect_program(descriptor, 0);
}

}  // namespace hfoffline::shim
