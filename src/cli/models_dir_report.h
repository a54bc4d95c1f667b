// What is odd about a models dir, for people: found before a run, so that nobody has to guess it
// from a client's error.
#pragma once

#include <string>
#include <vector>

#include "core/run_plan.h"

namespace hfoffline::cli {

// One message per problem, each with a path and what to do; empty if there is none or no models
// dir. Reads at most as much of the cache as a run can afford.
std::vector<std::string> models_dir_problems(const RunPlan& plan);

}  // namespace hfoffline::cli
