// Which copy the real interpreter takes: of contested names as they are, and with sentinels in the
// place of each layer.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "layers/contests.h"
#include "layers/interpreter.h"
#include "layers/python_places.h"

namespace hfoffline::layers {

struct PythonObservation {
  Questions questions;
  Answers answers;
  std::vector<std::size_t> mirror_places;  // the place of each mirror; npos: the control in front

  // Where a name really comes from, as python_probe.h has it; "" if it was not asked.
  const std::string& real(const std::string& name) const;
};

// Starts the interpreter once. Signals that would end this process wait meanwhile, so that the
// scratch directory is removed. An error if a sentinel that must be seen was not: then nothing else
// proves anything.
absl::StatusOr<PythonObservation> observe_python(
    const ShadowRequest& request, const InterpreterFacts& facts, const PythonPlaces& found,
    const ImportRules& rules, const std::vector<std::string>& sample, Interpreter& interpreter);

}  // namespace hfoffline::layers
