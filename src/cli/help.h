// Help texts, derived from the tables, for 80 columns.
#pragma once

#include <string>
#include <string_view>

#include "cli/command.h"
#include "report/escape.h"

namespace hfoffline::cli {

std::string program_help();
std::string command_help(const Command& command);

using report::wrap;

}  // namespace hfoffline::cli
