// Where this process's policy comes from. It is found once; without a sound one the process does
// not run.
#pragma once

#include <string_view>

#include "core/policy.h"

namespace hfoffline::shim {

// The policy in force. Finds it at the first call, which may come before any constructor has run:
// baked into this file, else HFOFFLINE_POLICY, else made here from HFOFFLINE_MODELS_DIR or
// HFOFFLINE_CONFIG. A missing or broken policy ends the process with a message and status 125 (2
// for bad settings).
Policy find_policy_once();
extern Policy current_policy;
static_assert(sizeof(Policy) == sizeof(void*), "a policy is loaded and stored in one piece");
inline Policy policy() {
  Policy found;
  __atomic_load(&current_policy, &found, __ATOMIC_ACQUIRE);
  return __builtin_expect(found.valid(), 1) != 0 ? found : find_policy_once();
}

// The policy is part of this file, so children need no HFOFFLINE_POLICY.
bool policy_is_baked();

// The text of HFOFFLINE_POLICY that the policy was read from, where it stands in the environment;
// null if it came from elsewhere.
const char* policy_text_in_environment();

// Absolute path by which children preload this file, NUL-terminated.
const char* shim_file();

}  // namespace hfoffline::shim
