// Which programs of macOS lose the shim, by what their files say: made here byte by byte.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "catch.h"
#include "shim/darwin/program_file.h"

using namespace hfoffline;
using namespace hfoffline::shim;

namespace {

std::string little(std::uint32_t value) {
  std::string text;
  for (int i = 0; i < 4; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

std::string big(std::uint32_t value) {
  std::string text;
  for (int i = 3; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
  return text;
}

#if defined(__aarch64__)
constexpr std::uint32_t kOwn = 0x0100000c;  // CPU_TYPE_ARM64
#else
constexpr std::uint32_t kOwn = 0x01000007;  // CPU_TYPE_X86_64
#endif

struct Program {
  bool has_loader = true;
  bool is_signed = false;
  std::uint32_t signature_flags = 0;
  std::string entitlements;
  std::string segment = "__TEXT";
  std::uint32_t filetype = 2;

  std::string signature() const {
    std::string directory = big(0xfade0c02) + big(44) + big(0x20400) + big(signature_flags);
    directory.resize(44);
    const std::string granted =
        big(0xfade7171) + big(static_cast<std::uint32_t>(8 + entitlements.size())) + entitlements;
    const std::uint32_t first = 12 + 2 * 8;
    return big(0xfade0cc0) + big(first + 44 + static_cast<std::uint32_t>(granted.size())) + big(2) +
           big(0) + big(first) + big(5) + big(first + 44) + directory + granted;
  }

  std::string bytes() const {
    std::string name = segment;
    name.resize(16);
    std::string commands = little(0x19) + little(72) + name + std::string(48, '\0');
    std::uint32_t count = 1;
    if (has_loader) {
      commands +=
          little(0xe) + little(32) + little(12) + std::string("/usr/lib/dyld\0\0\0\0\0\0", 20);
      ++count;
    }
    const std::string blob = is_signed ? signature() : "";
    if (is_signed) {
      const auto at = static_cast<std::uint32_t>(32 + commands.size() + 16);
      commands +=
          little(0x1d) + little(16) + little(at) + little(static_cast<std::uint32_t>(blob.size()));
      ++count;
    }
    return little(0xfeedfacf) + little(kOwn) + little(0) + little(filetype) + little(count) +
           little(static_cast<std::uint32_t>(commands.size())) + little(0) + little(0) + commands +
           blob;
  }
};

Reason inspect(const std::string& bytes) {
  char name[] = "/tmp/hfoffline-program-XXXXXX";
  const int descriptor = ::mkstemp(name);
  REQUIRE(descriptor >= 0);
  ::unlink(name);
  REQUIRE(::write(descriptor, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  const Reason reason = inspect_program_file(descriptor);
  ::close(descriptor);
  return reason;
}

constexpr std::uint32_t kAdHoc = 0x2, kRestrict = 0x800, kRuntime = 0x10000;
const char kAllows[] =
    "<plist><dict><key>com.apple.security.cs.allow-dyld-environment-variables</key><true/>";

}  // namespace

TEST_CASE("programs of macOS: those that the shim can enter") {
  Program program;
  CHECK(inspect(program.bytes()) == Reason::none);
  program.is_signed = true;
  program.signature_flags = kAdHoc;
  CHECK(inspect(program.bytes()) == Reason::none);
  program.signature_flags = kRuntime;
  program.entitlements = kAllows;
  CHECK(inspect(program.bytes()) == Reason::none);
}

TEST_CASE("programs of macOS: those that the shim cannot enter") {
  Program hardened;
  hardened.is_signed = true;
  hardened.signature_flags = kRuntime;
  CHECK(inspect(hardened.bytes()) == Reason::exec_protected);
  hardened.entitlements = "<plist><dict><key>com.apple.security.cs.allow-jit</key><true/>";
  CHECK(inspect(hardened.bytes()) == Reason::exec_protected);

  Program restricted;
  restricted.is_signed = true;
  restricted.signature_flags = kRestrict;
  CHECK(inspect(restricted.bytes()) == Reason::exec_protected);

  Program segment;
  segment.segment = "__RESTRICT";
  CHECK(inspect(segment.bytes()) == Reason::exec_protected);
  segment.segment = "__RESTRICTED";
  CHECK(inspect(segment.bytes()) == Reason::none);

  Program no_loader;
  no_loader.has_loader = false;
  CHECK(inspect(no_loader.bytes()) == Reason::exec_static);
}

TEST_CASE("programs of macOS: files for several processors") {
  const auto fat = [](std::uint32_t processor, const Program& program) {
    std::string bytes = big(0xcafebabe) + big(1) + big(processor) + big(0) + big(4096) +
                        big(static_cast<std::uint32_t>(program.bytes().size())) + big(12);
    bytes.resize(4096);
    return bytes + program.bytes();
  };
  Program program;
  CHECK(inspect(fat(kOwn, program)) == Reason::none);
  program.is_signed = true;
  program.signature_flags = kRuntime;
  CHECK(inspect(fat(kOwn, program)) == Reason::exec_protected);
  CHECK(inspect(fat(0x12, program)) == Reason::exec_foreign);
}

TEST_CASE("programs of macOS: files that are cut off or lie") {
  Program program;
  program.is_signed = true;
  program.signature_flags = kRuntime;
  program.entitlements = kAllows;
  const std::string whole = program.bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) inspect(whole.substr(0, size));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(0xff);
    inspect(changed);
  }
  unsigned char few[4] = {0xcf, 0xfa, 0xed, 0xfe};
  CHECK(is_program_file(few, 4));
  CHECK_FALSE(is_program_file(few, 3));
  unsigned char script[] = "#!/bin/sh";
  CHECK_FALSE(is_program_file(script, sizeof(script)));
}
