#include "shim/judge_name.h"

#include "core/decide.h"
#include "shim/hosts_file.h"
#include "shim/policy_source.h"
#include "shim/refusal.h"

namespace hfoffline::shim {

Lookup judge_name(std::string_view name, int family) {
  if (name.empty()) return Lookup::kPass;
  if (decide_name(policy(), name, 0).allowed) return Lookup::kAllowed;
  if (hosts_file_has_name(name, family)) return Lookup::kPass;
  if (is_localhost(name)) return Lookup::kLocalhost;
  return policy().audit() ? Lookup::kAudited : Lookup::kRefuse;
}

Lookup judge_reverse(int family, const void* address) {
  if (hosts_file_has_address(family, address)) return Lookup::kPass;
  return policy().audit() ? Lookup::kAudited : Lookup::kRefuse;
}

void report_name(std::string_view operation, std::string_view name, Lookup lookup,
                 std::string_view error_text) {
  const bool audit = lookup == Lookup::kAudited;
  const std::uint64_t key = refusal_key(operation, name.data(), name.size());
  if (count_repeated(key, Reason::egress_name)) return;
  Refusal refusal;
  refusal.reason = Reason::egress_name;
  refusal.operation = operation;
  refusal.target = name;
  refusal.host = name;
  refusal.error_text = audit ? std::string_view() : error_text;
  refusal.verdict = audit ? "audit" : "refuse";
  refusal.rule = policy().text(policy().header().default_egress_rule);
  report(key, refusal);
}

}  // namespace hfoffline::shim
