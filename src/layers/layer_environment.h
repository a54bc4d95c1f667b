// How an interpreter is made to search a layer last.
//
// What PYTHONPATH holds comes before the interpreter's own directories, so naming the layer there
// would let it win over all of core. Two ways remain: a .pth file in the last of core's site
// directories, written once when core is made; or a PYTHONPATH that names every directory of core
// first, which holds for this one interpreter.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "layers/python_facts.h"

namespace hfoffline::layers {

struct LayerEnvironment {
  std::string python_path;  // PYTHONPATH's value
  std::string pth_file;     // "": core has no site directory
  std::string pth_line;
  std::vector<std::string> searched;  // sys.path as the interpreter made it of python_path
};

// `directory`: absolute; need not exist. Starts the interpreter once, and fails unless it then
// searches all of core before the layer.
absl::StatusOr<LayerEnvironment> layer_environment(const std::string& directory,
                                                   const PythonFacts& core);

}  // namespace hfoffline::layers
