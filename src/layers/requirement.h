// What `hfoffline layer install` takes: names and versions from an index, and nothing else.
#pragma once

#include <string>
#include <string_view>

namespace hfoffline::layers {

// "" if `text` is NAME, NAME[EXTRA,...] or either with version clauses ("fsspec>=2024.1,<2026");
// else what is wrong with it. URLs, paths, archives, options, markers and whatever a shell would
// take apart are wrong.
std::string requirement_problem(std::string_view text);

}  // namespace hfoffline::layers
