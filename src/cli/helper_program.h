// Programs installed next to the launcher, which is static and small: what needs other libraries is
// in them.
#pragma once

#include <string>
#include <string_view>

#include "cli/command.h"

namespace hfoffline::cli {

// Absolute path of `name` beside the launcher (build tree) or in ../libexec/hfoffline; "" (said on
// stderr) if it is missing.
std::string find_helper(std::string_view name);

// Executes `command` with the same arguments in hfoffline-layers. Returns only if that cannot be
// started: the exit code, said on stderr.
int run_layers_helper(const Context& context, std::string_view command, const Arguments& arguments);

}  // namespace hfoffline::cli
