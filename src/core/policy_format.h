// The policy as bytes: one block that needs no heap, no file and no parsing to be used.
//
// Header, then sections of fixed-size rows, then text. Offsets count from the start of the block;
// every text is followed by a NUL that is not part of its length. Integers are in host byte order:
// a policy never leaves the machine it was made on, except baked into a shim, which is as native as
// it. A reader accepts exactly its own version: launcher and shim are released together.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hfoffline {

inline constexpr std::uint64_t kPolicyMagic = 0x6c6f50666f666668;  // "hffofPol", little-endian
inline constexpr std::uint32_t kPolicyVersion = 3;

// So that the encoded form fits one environment string (MAX_ARG_STRLEN is 128 KiB).
inline constexpr std::size_t kMaximumPolicyBytes = 88 * 1024;

struct TextReference {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

struct SectionReference {
  std::uint32_t offset = 0;
  std::uint32_t count = 0;
};

enum PolicyFlag : std::uint32_t {
  kPolicyAudit = 1U << 0,            // let egress through, record it
  kPolicyLockEnvironment = 1U << 1,  // managed variables cannot be changed
  kPolicyQuiet = 1U << 2,            // no line on stderr
  kPolicyAllowFromTests = 1U << 3,   // tests may widen the allow-list for themselves
  kPolicyAuditWrites = 1U << 4,      // with kPolicyAudit: let writes into trees through too
  kAllPolicyFlags = kPolicyAudit | kPolicyLockEnvironment | kPolicyQuiet | kPolicyAllowFromTests |
                    kPolicyAuditWrites,
};

enum class Unshimmed : std::uint32_t { kWarn, kRefuse, kAllow };

struct VariableRow {
  TextReference text;  // "NAME=VALUE", or "NAME" for a variable that is removed
  TextReference rule;
  std::uint32_t name_length;
  std::uint32_t hash;
  std::uint32_t set;  // 1: set, 0: removed
  std::uint32_t padding;
};

struct TreeRow {
  TextReference path;  // canonical, absolute, no trailing slash
  TextReference rule;
  std::uint64_t device;
  std::uint64_t inode;
};

// A path that is led to another by each process itself; the longest `from` comes first.
struct RedirectRow {
  TextReference from;  // absolute, plain, no trailing slash
  TextReference to;    // canonical; a protected tree, or in one
  TextReference rule;
};

struct NetworkRow {
  std::uint8_t base[16];
  std::uint8_t prefix;  // bits, of the 16-byte form
  std::uint8_t padding;
  std::uint16_t port;  // 0: every port
  TextReference rule;
};

struct NameRow {
  TextReference name;  // lower case, no trailing dot
  TextReference rule;
  std::uint32_t port;  // 0: every port
  std::uint32_t padding;
};

// Two bytes of a name select a bit; a clear bit proves that the name is not managed.
inline constexpr std::size_t kNameFilterBits = 1024;

struct PolicyHeader {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t size;      // of the whole block
  std::uint64_t checksum;  // of everything behind this field
  std::uint32_t flags;
  std::uint32_t egress_errno;
  Unshimmed unshimmed;
  std::uint32_t variable_slots;  // power of two
  std::uint64_t
      root_device;  // of "/" where the policy was made: elsewhere lexical tests mean nothing
  std::uint64_t root_inode;
  TextReference run;
  TextReference models_dir;
  TextReference config_file;
  TextReference record_file;     // empty: nothing is recorded
  TextReference run_state_file;  // empty: counts stay in the process
  TextReference shim_file;       // empty: the shim finds its own path
  TextReference default_egress_rule;
  TextReference unshimmed_rule;
  SectionReference variables;
  SectionReference variable_index;  // uint16_t: row + 1, 0: empty slot; linear probing
  SectionReference trees;
  SectionReference redirects;
  SectionReference networks;
  SectionReference names;
  std::uint64_t name_filter[kNameFilterBits / 64];
};

}  // namespace hfoffline
