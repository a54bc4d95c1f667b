// Which sources libc asks about a database: /etc/nsswitch.conf, nsswitch.conf(5).
#pragma once

#include <cstdint>
#include <string_view>

namespace hfoffline::shim {

enum class SourceListing : std::uint8_t { kListed, kNotListed, kNoLine };

// Whether the first line of `database` ("hosts:") names `source`. `comment`: what ends the line
// early. kNoLine, too, if the file cannot be read. Async-signal-safe.
SourceListing find_source(std::string_view database, std::string_view source, char comment);

}  // namespace hfoffline::shim
