#include "core/test_rules.h"

#include "core/hash.h"
#include "core/text.h"

namespace hfoffline {
namespace {

// The entry is the caller's to change if this says true; unlock() makes it visible.
bool lock(TestRule& rule, bool in_use) {
  std::uint32_t sequence = __atomic_load_n(&rule.sequence, __ATOMIC_ACQUIRE);
  if ((sequence & 1) != 0) return false;
  if ((__atomic_load_n(&rule.owner, __ATOMIC_RELAXED) != 0) != in_use) return false;
  if (!__atomic_compare_exchange_n(&rule.sequence, &sequence, sequence + 1, false, __ATOMIC_ACQ_REL,
                                   __ATOMIC_RELAXED)) {
    return false;
  }
  __atomic_thread_fence(__ATOMIC_RELEASE);  // readers see the odd number before any change
  return true;
}

void unlock(TestRule& rule) { __atomic_fetch_add(&rule.sequence, 1, __ATOMIC_RELEASE); }

}  // namespace

std::string_view without_phase(std::string_view test) {
  constexpr std::string_view kPhases[] = {" (setup)", " (call)", " (teardown)"};
  for (const std::string_view phase : kPhases) {
    if (test.size() > phase.size() && test.ends_with(phase)) {
      return slice(test, 0, test.size() - phase.size());
    }
  }
  return test;
}

std::uint64_t test_rule_hash(std::string_view test) {
  test = without_phase(test);
  const std::uint64_t hash = hash_bytes(0x74657374, test.data(), test.size());
  return hash != 0 ? hash : 1;
}

bool add_test_rule(TestRules& table, std::uint64_t test, std::uint32_t owner,
                   std::string_view text) {
  if (text.size() > kMaximumTestRuleBytes || owner == 0) return false;
  for (TestRule& rule : table.rules) {
    if (!lock(rule, false)) continue;
    __atomic_fetch_add(&table.active, 1, __ATOMIC_RELAXED);
    rule.test = test;
    Appender copy(rule.text);
    copy.add(text).c_str();
    __atomic_store_n(&rule.owner, owner, __ATOMIC_RELAXED);
    unlock(rule);
    return true;
  }
  return false;
}

void remove_test_rules(TestRules& table, std::uint64_t test, std::uint32_t owner) {
  for (TestRule& rule : table.rules) {
    // Nobody else changes an entry of this process.
    if (__atomic_load_n(&rule.owner, __ATOMIC_RELAXED) != owner || rule.test != test) continue;
    if (!lock(rule, true)) continue;
    rule.test = 0;
    __atomic_store_n(&rule.owner, 0, __ATOMIC_RELAXED);
    unlock(rule);
    __atomic_fetch_sub(&table.active, 1, __ATOMIC_RELAXED);
  }
}

bool next_test_rule(const TestRules& table, std::uint64_t test, std::size_t* position,
                    char (&text)[kMaximumTestRuleBytes + 1]) {
  if (__atomic_load_n(&table.active, __ATOMIC_RELAXED) == 0) return false;
  while (*position < kTestRuleSlots) {
    const TestRule& rule = table.rules[(*position)++];
    const std::uint32_t sequence = __atomic_load_n(&rule.sequence, __ATOMIC_ACQUIRE);
    if ((sequence & 1) != 0 || __atomic_load_n(&rule.owner, __ATOMIC_RELAXED) == 0) continue;
    if (__atomic_load_n(&rule.test, __ATOMIC_RELAXED) != test) continue;
    __builtin_memcpy(text, rule.text, sizeof(text));
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    // Changed while it was copied: it is another's by now.
    if (__atomic_load_n(&rule.sequence, __ATOMIC_RELAXED) != sequence) continue;
    text[kMaximumTestRuleBytes] = '\0';
    return true;
  }
  return false;
}

}  // namespace hfoffline
