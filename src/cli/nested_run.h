// A run inside a run: the outer policy is in force already, and stays so.
#pragma once

#include "cli/command.h"

namespace hfoffline::cli {

// Whether this process was started inside a run: its policy is in the environment, or baked into a
// shim that LD_PRELOAD names.
bool is_nested(const Context& context);

// Executes the command under the outer policy. Returns only if that cannot be: flags that ask for
// another policy (exit code 2), a damaged policy (125), a command that cannot be executed (126,
// 127).
int run_nested(const Context& context, const Arguments& arguments);

}  // namespace hfoffline::cli
