// The commands of the helper program hfoffline-layers.
#pragma once

#include <string>

#include "cli/command.h"

namespace hfoffline::cli {

// Returns the exit code. `launcher`: path of the hfoffline program that started the helper.
int shadow_main(const Context& context, const Arguments& arguments, const std::string& launcher);

}  // namespace hfoffline::cli
