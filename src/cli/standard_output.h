// stdout, for the commands whose product it is.
#pragma once

#include <string_view>

namespace hfoffline::cli {

// Writes all of `text`; says so on stderr if that fails (a closed pipe, a full disk). Returns the
// exit code.
int print(std::string_view text);

}  // namespace hfoffline::cli
