// What the tools say on stderr: one line or more per message, "hfoffline: " in front. stdout
// belongs to the program that is run, or to the command's product.
#pragma once

#include <string>
#include <string_view>

#include "core/diagnostic.h"

namespace hfoffline::cli {

void note(std::string_view text);
void warn(std::string_view text);
void error(std::string_view text);
// A bad setting: the diagnostic as people read it, with its file, line and hint.
void error(const Diagnostic& diagnostic);

// Whether it is a terminal that should get colour (https://no-color.org).
bool stderr_has_colour();
bool stdout_has_colour();

// `text` with control characters and broken UTF-8 made visible.
std::string printable(std::string_view text);

}  // namespace hfoffline::cli
