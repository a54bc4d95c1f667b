// Everything decided about a run before its policy is written: which directory, which layout, which
// trees, which variables. Shared by the launcher, `env`, `explain`, `bake` and the bare LD_PRELOAD.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/arena.h"
#include "core/config.h"
#include "core/environment_plan.h"
#include "core/layout.h"
#include "core/policy_builder.h"

namespace hfoffline {

inline constexpr std::size_t kMaximumTrees = 64;

inline constexpr std::size_t kMaximumRedirects = 32;

struct RunPlan {
  const Config* config = nullptr;
  std::string_view models_dir;  // canonical; empty if none was given
  LayoutFinding finding;        // as detected; `layout` below is what is used
  Layout layout = Layout::kUnknown;
  std::string_view scratch_dir;
  EnvironmentPlan environment;
  ProtectedTree trees[kMaximumTrees];
  std::size_t tree_count = 0;
  PlannedRedirect redirects[kMaximumRedirects];  // those that each process does itself
  std::size_t redirect_count = 0;
  sys::FileId root;
};

// Looks at the models dir and the further trees and computes the environment. `scratch_dir` is used
// unless [cache] scratch is set. Everything in the plan points into the arena or the config.
// Fails (error filled) if the models dir or a tree is missing, unreadable or not a directory. An
// empty or unrecognised models dir is not an error here: the caller reports plan.finding.
bool plan_run(const Config& config, const Presets& presets, std::string_view scratch_dir,
              std::string_view version, Arena& arena, RunPlan& plan, Diagnostic& error);

// Plans the redirects of the settings as those that each process does itself: "~/" becomes `home`
// (which may be null), what they lead to becomes a protected tree. Fails (error filled) where that
// cannot be: nothing is there, or it is a file that nothing protects. Works on the same plan once.
bool plan_redirects(const char* home, Arena& arena, RunPlan& plan, Diagnostic& error);

// What goes into a policy besides the plan. All may be empty.
struct RunFiles {
  std::string_view run;
  std::string_view record_file;
  std::string_view run_state_file;
  std::string_view shim_file;
};
bool build_policy(const RunPlan& plan, const RunFiles& files, std::uint8_t* buffer,
                  std::size_t capacity, std::size_t* size, Diagnostic& error);

}  // namespace hfoffline
