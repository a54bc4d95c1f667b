// --since of `hfoffline report`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hfoffline::cli {

// A date ("2026-11-20"), a time in UTC ("2026-11-20T18:49:01Z", seconds and Z may be left out), or
// how long before `now` ("90s", "30m", "2h", "7d") as a time of the record's form. False if it is
// none of these. `now`: seconds since the epoch.
bool parse_since(std::string_view text, std::uint64_t now, std::string* time);

}  // namespace hfoffline::cli
