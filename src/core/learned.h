// What the processes of a run learned from name lookups: which addresses allow-listed names
// resolved to, and the last name that each address was resolved from.
//
// Plain tables in shared memory, zero at first. Entries are added without a lock and never taken
// away; a writer that is killed half way leaves a slot unused. Async-signal-safe, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/address.h"

namespace hfoffline {

// The allow-list decides by the first; the second is only ever shown to people. They are apart, so
// that names nobody allowed cannot use up the room of the allowed ones.
inline constexpr std::size_t kAllowedSlots = 4096;
inline constexpr std::size_t kNamedSlots = 1024;
inline constexpr std::size_t kNameSlots = 512;
inline constexpr std::size_t kMaximumNameBytes = 253;  // of a host name, without a trailing dot

// One pair. `state` goes 0 (free) -> 1 (being written) -> 2 (valid).
struct LearnedAddress {
  std::uint32_t state;
  std::uint32_t name;  // allowed: a row of the policy's names, or kTestName; named: a NameReference
  std::uint8_t address[16];
};

struct LearnedName {
  std::uint32_t state;
  char text[kMaximumNameBytes + 3];  // NUL-terminated
};

// Where a name is: a row of the policy's names (kPolicyName set), or a slot of
// LearnedTables::names.
using NameReference = std::uint32_t;
inline constexpr NameReference kPolicyName = 0x80000000;
// In LearnedTables::allowed, where other numbers are rows of the policy: a slot of
// LearnedTables::names, for a name that a test allowed itself.
inline constexpr std::uint32_t kTestName = 0x40000000;
inline constexpr NameReference kNoName = 0xffffffff;

struct LearnedTables {
  LearnedAddress allowed[kAllowedSlots];  // an address has one for each allow-listed name
  LearnedAddress named[kNamedSlots];      // an address has one; its last name counts
  LearnedName names[kNameSlots];
};

// Remembers that the allow-listed name of row `policy_row` resolved to `address`. False: the table
// is full, and the address will be refused.
bool learn_allowed(LearnedTables& tables, const IpAddress& address, std::uint32_t policy_row);
// The policy rows of the names that resolved to `address`, one after the other: 0 starts, and
// `*position` goes on behind the last one. False: no more.
bool next_allowed(const LearnedTables& tables, const IpAddress& address, std::size_t* position,
                  std::uint32_t* policy_row);

// Keeps the text of a name, once for each name. kNoName: too long, or the table is full.
NameReference keep_name(LearnedTables& tables, std::string_view name);
// Empty for what no keep_name() returned.
std::string_view kept_name(const LearnedTables& tables, NameReference reference);

// Remembers the last name that `address` was resolved from; forgotten if the table is full.
void learn_name(LearnedTables& tables, const IpAddress& address, NameReference name);
NameReference learned_name(const LearnedTables& tables, const IpAddress& address);

std::uint64_t address_hash(const IpAddress& address);

}  // namespace hfoffline
