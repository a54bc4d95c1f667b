// The files that `report` and `compare` read.
#pragma once

#include <span>
#include <string_view>

#include "report/report.h"

namespace hfoffline::cli {

// Adds every line of `files` to `builder`; "-" is stdin. A file that is there twice is read once.
// Says on stderr what cannot be read, and returns false; shows on a terminal how far it is.
bool read_records(std::span<const std::string_view> files, report::ReportBuilder& builder);

}  // namespace hfoffline::cli
