// What the running test may reach beyond the policy, because it said so and the policy permits that
// ([egress] allow_from_tests).
//
// The running test is what the record names (shim/current_test.h), so a child process has its
// parent's for as long as the environment says so, and none where it was started without. Asked
// only about what the policy refuses. Async-signal-safe; takes no lock.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/decide.h"
#include "core/test_rules.h"

namespace hfoffline::shim {

// The rule that allows it, for the record.
struct TestAllowance {
  char rule[kMaximumTestRuleBytes + 1];
};

bool test_may_reach(const Endpoint& endpoint, TestAllowance* allowance);
// Whether the name may be looked up, on whatever port it is then reached.
bool test_may_look_up(std::string_view name, TestAllowance* allowance);
bool test_may_look_up(std::string_view name);

// Allows `rule` to `test`. Returns 0 or an errno: EPERM (the policy does not permit it), EINVAL (no
// test, or not an entry of an allow-list), ENOSPC.
int allow_in_test(std::string_view test, std::string_view rule);
void end_test(std::string_view test);

// Counts and records a request that was let through for that reason.
void report_allowance(std::uint64_t key, std::string_view operation, std::string_view target,
                      std::string_view host, std::int32_t port, const TestAllowance& allowance);

}  // namespace hfoffline::shim
