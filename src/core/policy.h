// A policy that was checked once and is then read without checks.
//
// Immutable; every function is pure, reentrant, async-signal-safe and takes no lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/hash.h"
#include "core/policy_format.h"

namespace hfoffline {

enum class PolicyProblem : std::uint8_t {
  kNone,
  kTooSmall,
  kNotAPolicy,
  kOtherVersion,
  kWrongSize,
  kWrongChecksum,
  kOutOfBounds,
};
// "its checksum does not match (damaged or truncated)"
std::string_view describe(PolicyProblem problem);

[[gnu::hot]] std::uint64_t policy_checksum(const std::uint8_t* bytes, std::size_t size);
inline std::uint32_t variable_hash(std::string_view name) {
  const std::uint64_t hash = hash_bytes(name.size(), name.data(), name.size());
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

// The filter bit of a name's first two bytes. A name of one byte has two bits: with '\0' and with
// '=', since names are looked up as they stand in an environment, too.
constexpr std::size_t name_filter_bit(unsigned char first, unsigned char second) {
  return ((static_cast<std::size_t>(first) * 37) ^ second) % kNameFilterBits;
}

class Policy {
 public:
  Policy() = default;

  // Checks version, size, checksum and that every reference stays inside. `bytes` must be aligned
  // to 8 and outlive the policy. On failure the policy is left invalid.
  [[gnu::hot]] PolicyProblem attach(const std::uint8_t* bytes, std::size_t size);

  bool valid() const { return header_ != nullptr; }
  const PolicyHeader& header() const { return *header_; }
  const std::uint8_t* bytes() const { return reinterpret_cast<const std::uint8_t*>(header_); }
  std::size_t size() const { return header_->size; }

  bool audit() const { return (header_->flags & kPolicyAudit) != 0; }
  // Writes below protected trees are let through and recorded too.
  bool audits_writes() const { return audit() && (header_->flags & kPolicyAuditWrites) != 0; }
  bool lock_environment() const { return (header_->flags & kPolicyLockEnvironment) != 0; }
  bool quiet() const { return (header_->flags & kPolicyQuiet) != 0; }
  bool allow_from_tests() const { return (header_->flags & kPolicyAllowFromTests) != 0; }

  std::string_view text(const TextReference& reference) const {
    return {reinterpret_cast<const char*>(bytes()) + reference.offset, reference.length};
  }
  // NUL-terminated, for system calls.
  const char* c_str(const TextReference& reference) const { return text(reference).data(); }

  std::size_t variable_count() const { return header_->variables.count; }
  const VariableRow& variable(std::size_t i) const {
    return row<VariableRow>(header_->variables, i);
  }
  std::string_view variable_name(const VariableRow& row) const {
    return {text(row.text).data(), row.name_length};
  }
  // The value of a set variable, NUL-terminated.
  const char* variable_value(const VariableRow& row) const {
    return text(row.text).data() + row.name_length + 1;
  }

  // Quick and usually enough: false proves that no managed variable starts with these two bytes.
  // `name` ends at NUL or '='.
  bool may_manage(const char* name) const {
    const std::size_t bit =
        name_filter_bit(static_cast<unsigned char>(name[0]),
                        static_cast<unsigned char>(name[0] == '\0' ? 0 : name[1]));
    return (header_->name_filter[bit / 64] >> (bit % 64) & 1) != 0;
  }
  // The row of a managed variable, or nullptr.
  const VariableRow* find_variable(std::string_view name) const {
    const std::uint32_t hash = variable_hash(name);
    const std::uint32_t mask = header_->variable_slots - 1;
    const auto* index =
        reinterpret_cast<const std::uint16_t*>(bytes() + header_->variable_index.offset);
    for (std::uint32_t slot = hash & mask; index[slot] != 0; slot = (slot + 1) & mask) {
      const VariableRow& row = variable(index[slot] - 1U);
      if (row.hash == hash && variable_name(row) == name) return &row;
    }
    return nullptr;
  }

  std::size_t tree_count() const { return header_->trees.count; }
  const TreeRow& tree(std::size_t i) const { return row<TreeRow>(header_->trees, i); }
  std::size_t redirect_count() const { return header_->redirects.count; }
  const RedirectRow& redirect(std::size_t i) const {
    return row<RedirectRow>(header_->redirects, i);
  }
  std::size_t network_count() const { return header_->networks.count; }
  const NetworkRow& network(std::size_t i) const { return row<NetworkRow>(header_->networks, i); }
  std::size_t name_count() const { return header_->names.count; }
  const NameRow& name(std::size_t i) const { return row<NameRow>(header_->names, i); }

 private:
  template <class Row>
  const Row& row(const SectionReference& section, std::size_t i) const {
    return reinterpret_cast<const Row*>(bytes() + section.offset)[i];
  }

  const PolicyHeader* header_ = nullptr;
};

}  // namespace hfoffline
