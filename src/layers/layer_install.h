// Installing packages into a durable layer, all or nothing.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "layers/python_facts.h"

namespace hfoffline::layers {

struct InstallRequest {
  std::string directory;  // absolute
  std::string installer;  // "pip", "uv" or "": pip where the interpreter has it, else uv
  std::vector<std::string> requirements;  // each without a requirement_problem()
};

struct InstallResult {
  std::vector<InstalledDistribution>
      installed;  // sorted by name; empty: core and the layer have it all
};

// `core`: what ask_python said, without the layer's own distributions. What the installer says goes
// to stderr. Every distribution of core is held at its version. Errors: InvalidArgument where
// nothing was tried (no such layer, made for another interpreter, no installer); else the layer is
// what it was before.
absl::StatusOr<InstallResult> install_into_layer(const InstallRequest& request,
                                                 const PythonFacts& core);

// A requirements file that holds each distribution at its version, one per line, sorted. What a
// name or a version may not be in such a file is left out.
std::string constraints_of(const std::vector<InstalledDistribution>& distributions);

}  // namespace hfoffline::layers
