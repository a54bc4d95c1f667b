// Which versions of a client read a variable, and which one is installed. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/environment_plan.h"
#include "layers/site_directory.h"

namespace hfoffline::layers {

// The distribution that a preset's title names first, where it is one of Python: of
// "transformers, diffusers (Python)" that is "transformers"; "" if it is none.
std::string distribution_of_title(std::string_view title);

// Its version among those installed, the first in search order; "" if it is not there.
std::string installed_version(const std::vector<Distribution>& installed,
                              std::string_view distribution);

// Whether `version` is in the range that a row's since and until give; "4" as until takes all
// of 4.x along. An unknown version ("") is.
bool reads_variable(std::string_view version, const PresetVariable& row);

}  // namespace hfoffline::layers
