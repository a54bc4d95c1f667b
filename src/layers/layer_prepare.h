// Making a durable layer for an interpreter.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "layers/layer_stamp.h"

namespace hfoffline::layers {

enum class PrepareOutcome {
  kMade,       // a new, empty layer with the interpreter's stamp
  kThere,      // was there already, for this interpreter
  kStale,      // there, for another interpreter; left as it is
  kWiped,      // the same, and now empty and stamped anew
  kUnstamped,  // holds something and no stamp; left as it is
};

struct Preparation {
  PrepareOutcome outcome = PrepareOutcome::kMade;
  LayerStamp stamp;   // the interpreter's
  LayerStamp before;  // the layer's, where it has one
  std::string path;
};

// `directory`: absolute. Errors: it cannot be made or written to, or `python` does not answer.
absl::StatusOr<Preparation> prepare_layer(const std::string& directory, const PythonFacts& python,
                                          bool wipe_stale);

}  // namespace hfoffline::layers
