// --fail-on of `hfoffline report`: what makes it end with exit code 3.
#pragma once

#include <string>
#include <string_view>

#include "report/report.h"

namespace hfoffline::cli {

// The words, separated by blanks: never, violation, any, lost, and the kinds of reasons.def.
std::string fail_on_names();

// The word of `wanted` (several separated by commas) that is none; "" if all are known.
std::string unknown_fail_on(std::string_view wanted);

// The words of `wanted` that hold, as a sentence says them ("violation, lost"); "" if none does.
// Refusals of attempts that another one followed count only with `all_attempts`.
std::string failures(const report::Report& report, std::string_view wanted, bool all_attempts);

}  // namespace hfoffline::cli
