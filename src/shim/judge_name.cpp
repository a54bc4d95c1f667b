#include "shim/judge_name.h"

#if defined(__APPLE__)
#include <netdb.h>
#endif
#include <sys/socket.h>
#include <sys/utsname.h>

#include "core/decide.h"
#include "core/sys.h"
#include "core/text.h"
#include "shim/hosts_file.h"
#include "shim/next_symbol.h"
#include "shim/policy_source.h"
#include "shim/refusal.h"
#include "shim/service_switch.h"
#include "shim/test_allowance.h"

namespace hfoffline::shim {
namespace {

// Whether libc is set up to answer for the machine's own name by itself (nss-myhostname(8)). It is
// not asked to: other sources may come first, or the module may be missing, and a name server would
// then be asked.
bool libc_knows_own_name() {
  return find_source("hosts:", "myhostname", '#') == SourceListing::kListed;
}

}  // namespace

const char* own_host_name() {
  // Asked for once: every refused lookup comes by. Threads that meet here write the same bytes.
  static struct utsname facts;
  static std::uint32_t known;
  if (__atomic_load_n(&known, __ATOMIC_ACQUIRE) == 0) {
    sys::uname(&facts);
    __atomic_store_n(&known, 1, __ATOMIC_RELEASE);
  }
  return facts.nodename;
}

Lookup judge_name(std::string_view name, int family) {
  if (name.empty()) return Lookup::kPass;
  if (decide_name(policy(), name, 0).allowed) return Lookup::kAllowed;
  if (hosts_file_has_name(name, family)) return Lookup::kPass;
  if (is_localhost(name)) return Lookup::kLocalhost;
  if (equals_ignoring_case(name, own_host_name()) && libc_knows_own_name()) return Lookup::kOwnName;
  if (test_may_look_up(name)) return Lookup::kAllowedInTest;
  return policy().audit() ? Lookup::kAudited : Lookup::kRefuse;
}

Lookup judge_query(std::string_view name) {
  if (decide_name(policy(), name, 0).allowed) return Lookup::kAllowed;
  if (test_may_look_up(name)) return Lookup::kAllowedInTest;
  return policy().audit() ? Lookup::kAudited : Lookup::kRefuse;
}

Lookup judge_reverse(int family, const void* address) {
  if (hosts_file_has_address(family, address)) return Lookup::kPass;
  if (is_loopback_or_unspecified(family == AF_INET6 ? address_from_v6(address)
                                                    : address_from_v4(address))) {
    return Lookup::kRefuse;
  }
  return policy().audit() ? Lookup::kAudited : Lookup::kRefuse;
}

void report_name(std::string_view operation, std::string_view name, Lookup lookup,
                 std::string_view error_text) {
  if (lookup == Lookup::kAllowedInTest) {
    TestAllowance allowance;
    // Ended since, by another thread: it was let through, and nobody knows the rule.
    if (!test_may_look_up(name, &allowance)) allowance.rule[0] = '\0';
    return report_allowance(refusal_key(operation, name.data(), name.size(), 0x20000U), operation,
                            name, name, -1, allowance);
  }
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

void set_h_errno(int value) {
#if defined(__APPLE__)
  h_errno = value;
#else
  const auto location = reinterpret_cast<int* (*)()>(find_next("__h_errno_location"));
  if (location != nullptr) *location() = value;
#endif
}

}  // namespace hfoffline::shim
