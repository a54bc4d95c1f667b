// A zip file as a place of a Python search path, as zipimport sees it: sources and bytecode only.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "layers/site_directory.h"

namespace hfoffline::layers {

// Fills names (also those in namespace portions), distributions and unreadable of `place`, whose
// path is set.
void read_zip_directory(SiteDirectory& place);

// A member of at most `maximum` bytes.
absl::StatusOr<std::string> read_zip_member(const std::string& path, const std::string& member,
                                            std::size_t maximum);

}  // namespace hfoffline::layers
