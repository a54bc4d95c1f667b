// The known clients' variables, as data: one .def file per library, listed in presets.def.
#pragma once

#include "core/config.h"
#include "core/environment_plan.h"

namespace hfoffline {

// All presets, in the order of presets.def. Constant data: usable before any constructor has run.
const Presets& known_presets();
const PresetNames& known_preset_names();

}  // namespace hfoffline
