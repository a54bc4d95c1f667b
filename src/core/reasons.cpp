#include "core/reasons.h"

namespace hfoffline {
namespace {

constexpr ReasonInfo kReasons[] = {
    {"none", Kind::egress, false, ""},
#define REASON(code, kind, violation, text) {#code, Kind::kind, violation, text},
#include "core/reasons.def"
#undef REASON
};

constexpr std::string_view kKinds[] = {"egress",      "name", "write", "probe",
                                       "environment", "exec", "allow"};
static_assert(sizeof(kKinds) / sizeof(kKinds[0]) == static_cast<std::size_t>(Kind::count));

}  // namespace

const ReasonInfo& reason_info(Reason reason) { return kReasons[static_cast<std::size_t>(reason)]; }
std::string_view kind_name(Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

}  // namespace hfoffline
