// The environment a run gives its program.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "core/environment_plan.h"

namespace hfoffline::cli {

// Owns what it adds; points to the parent's strings and the plan for the rest.
class ChildEnvironment {
 public:
  // The parent's environment with the plan applied, and without variables that only the loader of
  // this process was meant for. A name that is in the parent's environment twice stays as it is,
  // unless it is managed.
  ChildEnvironment(const char* const* parent, const EnvironmentPlan& plan);

  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  const char* get(const char* name) const;  // nullptr if it is not there

  // Puts the shim first in LD_PRELOAD and keeps the others in their order.
  void preload(std::string_view shim);
  // gcc's shared ASan runtime aborts unless it is the first library, or is told not to mind.
  void allow_asan_behind_shim();

  // NULL-terminated; valid until the next change.
  char* const* entries();

 private:
  std::list<std::string> owned_;
  std::vector<const char*> entries_;
  std::vector<const char*> terminated_;
};

// Name files that the loader writes before the shim is there, and libc without a call that it would
// see: a run removes them where they lead into a protected tree.
inline constexpr std::string_view kOutputVariables[] = {"LD_DEBUG_OUTPUT", "LD_PROFILE_OUTPUT",
                                                        "MALLOC_TRACE", "GMON_OUT_PREFIX"};

// Whether LD_PRELOAD's value names `path`.
bool preload_names(std::string_view preload, std::string_view path);

}  // namespace hfoffline::cli
