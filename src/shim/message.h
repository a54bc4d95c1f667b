// Lines on stderr from inside somebody else's program.
#pragma once

#include <string_view>

namespace hfoffline::shim {

// Remembers which file descriptor 2 is. Called by the constructor: a program may close it and give
// the number to a data file, which must never receive our text.
void remember_stderr();

// Writes `line` to stderr if descriptor 2 is still what it was, takes it at once, and nobody gets
// SIGPIPE. Async-signal-safe; never blocks; keeps errno.
void write_message(std::string_view line);

// Says why the program must not run, and ends the process (DESIGN 3.6: 2 bad settings, 125 our
// failure).
[[noreturn]] void die(int status, std::string_view message);

}  // namespace hfoffline::shim
