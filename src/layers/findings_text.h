// A report of `hfoffline shadow` for people, 80 columns wide.
#pragma once

#include <string>

#include "layers/checker.h"

namespace hfoffline::layers {

// `all_notes`: every note by itself, else one line for those of one kind and layer.
std::string findings_text(const ShadowReport& report, bool all_notes);

}  // namespace hfoffline::layers
