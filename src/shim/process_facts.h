// What this process is: for records.
//
// Async-signal-safe; no descriptor stays open; keeps errno.
#pragma once

#include <cstddef>
#include <string_view>

namespace hfoffline::shim {

// The path of the program and its first argument, as far as they fit into `buffer`; empty if nobody
// can tell.
std::string_view executable_path(char* buffer, std::size_t size);
std::string_view first_argument(char* buffer, std::size_t size);

}  // namespace hfoffline::shim
