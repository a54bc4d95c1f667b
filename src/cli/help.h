// Help texts, derived from the tables, for 80 columns.
#pragma once

#include <string>
#include <string_view>

#include "cli/command.h"

namespace hfoffline::cli {

std::string program_help();
std::string command_help(const Command& command);

// Breaks `text` at blanks into lines of at most `width` columns; each but the first starts with
// `indent` blanks. Empty lines stay. A word that is longer than a line is not broken.
std::string wrap(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace hfoffline::cli
