// The reasons of reasons.def as code, kind and text.
#pragma once

#include <cstdint>
#include <string_view>

namespace hfoffline {

enum class Reason : std::uint8_t {
  none,
#define REASON(code, kind, violation, text) code,
#include "core/reasons.def"
#undef REASON
  count,
};

// What records and counts group by.
enum class Kind : std::uint8_t { egress, name, write, probe, environment, exec, allow, count };

struct ReasonInfo {
  std::string_view code;
  Kind kind;
  bool violation;
  std::string_view text;
};

const ReasonInfo& reason_info(Reason reason);
std::string_view kind_name(Kind kind);

}  // namespace hfoffline
