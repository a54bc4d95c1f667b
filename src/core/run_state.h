// What the processes of one run share: exact totals, what name lookups taught (core/learned.h), and
// what tests allowed themselves (core/test_rules.h).
//
// A file of this layout is made by the launcher and mapped by a process at its first refusal or
// first allowed lookup. All fields are written with relaxed atomics; there is no lock, and nothing
// that a killed process could leave half done.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/learned.h"
#include "core/reasons.h"
#include "core/test_rules.h"

namespace hfoffline {

inline constexpr std::uint32_t kRunStateVersion = 3;

struct RunState {
  std::uint32_t version;
  std::uint32_t
      torn_record;  // 1: the last record was cut short; the next writer starts a new line first
  // Every refusal, by reason, written to the record or not: one addition each, since a refused
  // connect is a hot path.
  std::uint64_t refused[static_cast<std::size_t>(Reason::count)];
  std::uint64_t audited[static_cast<std::size_t>(Reason::count)];  // let through in audit mode
  std::uint64_t lost_records;  // lines that could not be written
  LearnedTables learned;
  TestRules test_rules;
};

// Sums over the reasons of a kind, refused and audited together.
std::uint64_t refusal_total(const RunState& state, Kind kind);
std::uint64_t audited_total(const RunState& state);
// Refusals that count for --fail-on-refusal; what audit mode let through does not.
std::uint64_t violation_total(const RunState& state);

}  // namespace hfoffline
