// Words for a POSIX shell.
#pragma once

#include <string>
#include <string_view>

namespace hfoffline::cli {

// `text` as one word that a shell's eval reads back byte for byte; left as it is where nothing
// needs quoting.
std::string shell_quote(std::string_view text);

// Whether a shell can export a variable of this name.
bool is_shell_name(std::string_view name);

}  // namespace hfoffline::cli
