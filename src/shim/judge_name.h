// Whether a host name may be looked up, and by which means.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/address.h"

namespace hfoffline::shim {

enum class Lookup : std::uint8_t {
  kPass,           // the hosts file answers, or nothing is asked
  kLocalhost,      // localhost that the hosts file does not know: loopback
  kOwnName,        // this machine's own name, which libc knows without asking, by nss-myhostname
  kAllowed,        // the allow-list names it: ask, and remember the addresses
  kAllowedInTest,  // a rule of the running test names it: the same, and it is reported
  kAudited,        // refused in any other mode: ask, and remember the addresses' name
  kRefuse,
};

// For a name that is no address literal. Does not report.
Lookup judge_name(std::string_view name, int family);
// For a name that only name servers are asked for (res_query and its like): the hosts file does not
// answer.
Lookup judge_query(std::string_view name);
// This machine's name when it was first asked for (NUL-terminated, static).
const char* own_host_name();
// For the name of an address (a reverse lookup is a query, too). That of a loopback address is
// never asked for, and not worth a report: servers ask for the name of whom they listen on.
Lookup judge_reverse(int family, const void* address);

// Whether the lookup is let through and reported all the same.
inline bool is_reported(Lookup lookup) {
  return lookup == Lookup::kAudited || lookup == Lookup::kAllowedInTest;
}

// Reports a refused lookup, or one that is_reported(); `error_text` is what the program is told,
// "EAI_NONAME".
void report_name(std::string_view operation, std::string_view name, Lookup lookup,
                 std::string_view error_text);

// The calling thread's h_errno, where the libc has one.
void set_h_errno(int value);

}  // namespace hfoffline::shim
