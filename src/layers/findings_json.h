// A report of `hfoffline shadow` as JSON (docs/shadow.md has its fields).
#pragma once

#include <string>

#include "layers/checker.h"

namespace hfoffline::layers {

// One object and a newline. Bytes that are not UTF-8 are replaced by U+FFFD.
std::string findings_json(const ShadowReport& report);

// Whether anything shadows core: exit code 3.
bool shadows_core(const ShadowReport& report);

}  // namespace hfoffline::layers
