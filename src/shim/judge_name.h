// Whether a host name may be looked up, and by which means.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/address.h"

namespace hfoffline::shim {

enum class Lookup : std::uint8_t {
  kPass,       // the hosts file answers, or nothing is asked
  kLocalhost,  // localhost that the hosts file does not know: loopback
  kAllowed,    // the allow-list names it: ask, and remember the addresses
  kAudited,    // refused in any other mode: ask, and remember the addresses' name
  kRefuse,
};

// For a name that is no address literal. Does not report.
Lookup judge_name(std::string_view name, int family);
// For the name of an address (a reverse lookup is a query, too).
Lookup judge_reverse(int family, const void* address);

// Reports a refused or audited lookup; `error_text` is what the program is told, "EAI_NONAME".
void report_name(std::string_view operation, std::string_view name, Lookup lookup,
                 std::string_view error_text);

}  // namespace hfoffline::shim
