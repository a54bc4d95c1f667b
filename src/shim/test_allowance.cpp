#include "shim/test_allowance.h"

#include <errno.h>

#include "core/allow_rule.h"
#include "core/sys.h"
#include "core/text.h"
#include "shim/current_test.h"
#include "shim/policy_source.h"
#include "shim/refusal.h"
#include "shim/shared_state.h"

namespace hfoffline::shim {
namespace {

// Calls `accept` with each rule of the running test until it says true.
template <class Accept>
bool any_rule(TestAllowance* allowance, Accept accept) {
  if (!policy().allow_from_tests()) return false;
  const TestRules& table = run_state().test_rules;
  if (__atomic_load_n(&table.active, __ATOMIC_RELAXED) == 0) return false;
  const std::string_view test = current_test();
  if (test.empty()) return false;
  const std::uint64_t hash = test_rule_hash(test);
  std::size_t position = 0;
  while (next_test_rule(table, hash, &position, allowance->rule)) {
    AllowRule rule;
    std::string_view why;
    std::size_t offset = 0;
    if (parse_allow_rule(allowance->rule, &rule, &why, &offset) && accept(rule)) return true;
  }
  return false;
}

std::uint32_t own_pid() { return static_cast<std::uint32_t>(sys::getpid()); }

}  // namespace

bool test_may_reach(const Endpoint& endpoint, TestAllowance* allowance) {
  return any_rule(allowance, [&endpoint](const AllowRule& rule) {
    if (rule.port != 0 && rule.port != endpoint.port) return false;
    return rule.is_name ? is_learned_from(endpoint.address, rule.name)
                        : contains(rule.network, endpoint.address);
  });
}

bool test_may_look_up(std::string_view name, TestAllowance* allowance) {
  if (name.size() > 1 && name.back() == '.') name.remove_suffix(1);
  return any_rule(allowance, [name](const AllowRule& rule) {
    return rule.is_name && equals_ignoring_case(rule.name, name);
  });
}

// Apart from its callers, so that they do not carry the buffer on stacks that may be small.
bool test_may_look_up(std::string_view name) {
  TestAllowance allowance;
  return test_may_look_up(name, &allowance);
}

int allow_in_test(std::string_view test, std::string_view rule) {
  if (!policy().allow_from_tests()) return EPERM;
  AllowRule parsed;
  std::string_view why;
  std::size_t offset = 0;
  if (test.empty() || !parse_allow_rule(rule, &parsed, &why, &offset)) return EINVAL;
  TestRules& table = run_state().test_rules;
  return add_test_rule(table, test_rule_hash(test), own_pid(), rule) ? 0 : ENOSPC;
}

void end_test(std::string_view test) {
  if (!policy().allow_from_tests()) return;
  remove_test_rules(run_state().test_rules, test_rule_hash(test), own_pid());
}

void report_allowance(std::uint64_t key, std::string_view operation, std::string_view target,
                      std::string_view host, std::int32_t port, const TestAllowance& allowance) {
  if (count_repeated(key, Reason::allowed_in_test)) return;
  char text[kMaximumTestRuleBytes + 32];
  Appender rule(text);
  rule.add("allow_egress(\"").add(std::string_view(allowance.rule)).add("\")");
  Refusal refusal;
  refusal.reason = Reason::allowed_in_test;
  refusal.operation = operation;
  refusal.target = target;
  refusal.host = host;
  refusal.port = port;
  refusal.verdict = "allow";
  refusal.rule = rule.view();
  report(key, refusal);
}

}  // namespace hfoffline::shim
