// What single tests allowed themselves, for as long as they run: entries of an allow-list beside
// the policy, which itself never changes.
//
// A plain table in memory that the processes of a run share, zero at first. No lock: an entry that
// is being changed, or whose writer was killed half way, counts as absent, so that everything that
// can go wrong ends in a refusal. Async-signal-safe, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hfoffline {

inline constexpr std::size_t kTestRuleSlots = 64;
inline constexpr std::size_t kMaximumTestRuleBytes =
    311;  // a host name of 253 bytes and a port fit

struct TestRule {
  std::uint32_t sequence;                // odd while the entry is being changed
  std::uint32_t owner;                   // the process that made it; 0: the entry is free
  std::uint64_t test;                    // hash of the test's name
  char text[kMaximumTestRuleBytes + 1];  // "minio.ci:9000", NUL-terminated
};

struct TestRules {
  std::uint32_t active;  // never less than there are entries in use: 0 makes the common case quick
  std::uint32_t padding;
  TestRule rules[kTestRuleSlots];
};

// The name of a test without the phase that pytest writes behind it: "a.py::b (call)" is "a.py::b".
std::string_view without_phase(std::string_view test);
// Of a name with or without its phase; never 0, which means that no test is running.
std::uint64_t test_rule_hash(std::string_view test);

// Adds a rule, which the caller has parsed. False: it is too long, or every entry is in use.
bool add_test_rule(TestRules& table, std::uint64_t test, std::uint32_t owner,
                   std::string_view text);
// Removes the rules that this process made for this test.
void remove_test_rules(TestRules& table, std::uint64_t test, std::uint32_t owner);

// The rules of a test, one after the other: 0 starts, and `*position` goes on behind the last one.
// `text` gets a copy, NUL-terminated. False: no more.
bool next_test_rule(const TestRules& table, std::uint64_t test, std::size_t* position,
                    char (&text)[kMaximumTestRuleBytes + 1]);

}  // namespace hfoffline
