// Writes a policy (policy_format.h) from settings that were already validated. No I/O, no heap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/config.h"
#include "core/environment_plan.h"
#include "core/sys.h"

namespace hfoffline {

struct ProtectedTree {
  std::string_view path;  // canonical
  sys::FileId id;
  Source source;
};

// A redirect that each process does itself.
struct PlannedRedirect {
  std::string_view from;  // absolute, plain
  std::string_view to;    // canonical
  Source source;
};

struct PolicyInputs {
  const Config* config = nullptr;
  const EnvironmentPlan* environment = nullptr;
  const ProtectedTree* trees = nullptr;
  std::size_t tree_count = 0;
  const PlannedRedirect* redirects = nullptr;  // the longest `from` first
  std::size_t redirect_count = 0;
  sys::FileId root;                 // of "/"
  std::string_view models_dir;      // canonical; may be empty
  std::string_view run;             // identifies the run in records
  std::string_view record_file;     // absolute; may be empty
  std::string_view run_state_file;  // absolute; may be empty
  std::string_view shim_file;       // absolute; may be empty
};

// Writes the policy to `buffer` (aligned to 8, best kMaximumPolicyBytes long) and its size to
// *size. Fails only when it does not fit (`error` says so) or an allow rule is malformed.
bool build_policy(const PolicyInputs& inputs, std::uint8_t* buffer, std::size_t capacity,
                  std::size_t* size, Diagnostic& error);

}  // namespace hfoffline
