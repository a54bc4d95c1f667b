#include "core/learned.h"

#include "core/hash.h"
#include "core/text.h"

namespace hfoffline {
namespace {

enum : std::uint32_t { kFree, kBeingWritten, kValid };

std::uint32_t state_of(const std::uint32_t& state) {
  return __atomic_load_n(&state, __ATOMIC_ACQUIRE);
}

bool take(std::uint32_t& state) {
  std::uint32_t free = kFree;
  return __atomic_compare_exchange_n(&state, &free, kBeingWritten, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED);
}

void make_valid(std::uint32_t& state) { __atomic_store_n(&state, kValid, __ATOMIC_RELEASE); }

bool is_of(const LearnedAddress& entry, const IpAddress& address) {
  return __builtin_memcmp(entry.address, address.bytes, sizeof(entry.address)) == 0;
}

std::uint32_t name_of(const LearnedAddress& entry) {
  return __atomic_load_n(&entry.name, __ATOMIC_RELAXED);
}

bool fill(LearnedAddress& entry, const IpAddress& address, std::uint32_t name) {
  if (!take(entry.state)) return false;
  __builtin_memcpy(entry.address, address.bytes, sizeof(entry.address));
  entry.name = name;
  make_valid(entry.state);
  return true;
}

std::uint64_t name_hash(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(ascii_lower(c))) * 0x100000001b3;
  }
  return hash ^ hash >> 32;
}

}  // namespace

std::uint64_t address_hash(const IpAddress& address) {
  return hash_bytes(3, address.bytes, sizeof(address.bytes));
}

bool learn_allowed(LearnedTables& tables, const IpAddress& address, std::uint32_t policy_row) {
  const std::size_t start = address_hash(address) % kAllowedSlots;
  for (std::size_t i = 0; i < kAllowedSlots; ++i) {
    LearnedAddress& entry = tables.allowed[(start + i) % kAllowedSlots];
    const std::uint32_t state = state_of(entry.state);
    if (state == kValid && entry.name == policy_row && is_of(entry, address)) return true;
    if (state == kFree && fill(entry, address, policy_row)) return true;
  }
  return false;
}

bool next_allowed(const LearnedTables& tables, const IpAddress& address, std::size_t* position,
                  std::uint32_t* policy_row) {
  const std::size_t start = address_hash(address) % kAllowedSlots;
  for (std::size_t& i = *position; i < kAllowedSlots;) {
    const LearnedAddress& entry = tables.allowed[(start + i++) % kAllowedSlots];
    const std::uint32_t state = state_of(entry.state);
    if (state == kFree) return false;
    if (state == kValid && is_of(entry, address)) {
      *policy_row = entry.name;
      return true;
    }
  }
  return false;
}

NameReference keep_name(LearnedTables& tables, std::string_view name) {
  if (name.size() > kMaximumNameBytes + 1) return kNoName;  // one more for a trailing dot
  const std::size_t start = name_hash(name) % kNameSlots;
  for (std::size_t i = 0; i < kNameSlots; ++i) {
    const std::size_t slot = (start + i) % kNameSlots;
    LearnedName& entry = tables.names[slot];
    const std::uint32_t state = state_of(entry.state);
    if (state == kValid && equals_ignoring_case(entry.text, name)) {
      return static_cast<NameReference>(slot);
    }
    if (state != kFree || !take(entry.state)) continue;
    Appender text(entry.text);
    text.add(name).c_str();
    make_valid(entry.state);
    return static_cast<NameReference>(slot);
  }
  return kNoName;
}

std::string_view kept_name(const LearnedTables& tables, NameReference reference) {
  if (reference >= kNameSlots || state_of(tables.names[reference].state) != kValid) return {};
  return tables.names[reference].text;
}

void learn_name(LearnedTables& tables, const IpAddress& address, NameReference name) {
  const std::size_t start = address_hash(address) % kNamedSlots;
  for (std::size_t i = 0; i < kNamedSlots; ++i) {
    LearnedAddress& entry = tables.named[(start + i) % kNamedSlots];
    const std::uint32_t state = state_of(entry.state);
    if (state == kValid && is_of(entry, address)) {
      __atomic_store_n(&entry.name, name, __ATOMIC_RELAXED);
      return;
    }
    if (state == kFree && fill(entry, address, name)) return;
  }
}

NameReference learned_name(const LearnedTables& tables, const IpAddress& address) {
  const std::size_t start = address_hash(address) % kNamedSlots;
  for (std::size_t i = 0; i < kNamedSlots; ++i) {
    const LearnedAddress& entry = tables.named[(start + i) % kNamedSlots];
    const std::uint32_t state = state_of(entry.state);
    if (state == kFree) break;
    if (state == kValid && is_of(entry, address)) return name_of(entry);
  }
  return kNoName;
}

}  // namespace hfoffline
