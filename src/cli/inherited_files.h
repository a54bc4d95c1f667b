// Files that the launcher was started with.
#pragma once

#include <vector>

#include "core/run_plan.h"

namespace hfoffline::cli {

// Descriptors that the program would inherit and whose files, below a protected tree, are open for
// writing. They are used without being opened again, so the shim would never hear of them. Warns
// about each.
std::vector<int> writable_descriptors_in_trees(const RunPlan& plan);

}  // namespace hfoffline::cli
