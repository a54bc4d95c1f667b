// Programs installed next to the launcher, which is static and small: what needs other libraries is
// in them.
#pragma once

#include <string>
#include <string_view>

namespace hfoffline::cli {

// Absolute path of `name` beside the launcher (build tree) or in ../libexec/hfoffline; "" (said on
// stderr) if it is missing.
std::string find_helper(std::string_view name);

}  // namespace hfoffline::cli
