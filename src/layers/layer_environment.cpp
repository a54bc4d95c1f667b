#include "layers/layer_environment.h"

#include <algorithm>

#include "layers/child_output.h"

namespace hfoffline::layers {
namespace {

constexpr char kSayPath[] =
    "import os, sys\n"
    "for place in sys.path:\n"
    "    sys.stdout.buffer.write(os.fsencode(place) + b'\\0')\n";

}  // namespace

absl::StatusOr<LayerEnvironment> layer_environment(const std::string& directory,
                                                   const PythonFacts& core) {
  LayerEnvironment result;
  for (const std::string& place : core.path) {
    if (place.find(':') != place.npos) {
      return absl::InvalidArgumentError(place +
                                        " has a colon in its name, which PYTHONPATH cannot hold");
    }
    result.python_path += place + ":";
  }
  if (directory.find(':') != directory.npos || directory.find('\n') != directory.npos) {
    return absl::InvalidArgumentError(directory +
                                      " has a colon or a line end in its name, which neither "
                                      "PYTHONPATH nor a .pth file can hold");
  }
  result.python_path += directory;
  for (const std::string& place : core.path) {
    const auto& sites = core.site_directories;
    if (std::find(sites.begin(), sites.end(), place) == sites.end()) continue;
    // Behind the names of other .pth files, which are carried out in their order.
    result.pth_file =
        place + "/zz-hfoffline-" + directory.substr(directory.rfind('/') + 1) + ".pth";
  }
  result.pth_line = directory;

  std::vector<std::string> environment =
      environment_without({"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP"});
  environment.push_back("PYTHONPATH=" + result.python_path);
  const ChildOutput output = run_child({.program = core.executable,
                                        .arguments = {core.executable, "-B", "-c", kSayPath},
                                        .environment = environment,
                                        .directory = "/"});
  if (!output.succeeded()) {
    return absl::FailedPreconditionError(core.executable + " does not start with PYTHONPATH=" +
                                         result.python_path + " (" + describe_end(output) + ")");
  }
  std::string_view rest = output.out;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\0');
    result.searched.emplace_back(rest.substr(0, end));
    if (end == rest.npos) break;
    rest.remove_prefix(end + 1);
  }
  const auto layer = std::find(result.searched.begin(), result.searched.end(), directory);
  for (const std::string& place : core.path) {
    const auto found = std::find(result.searched.begin(), layer, place);
    if (layer == result.searched.end() || found == layer) {
      return absl::FailedPreconditionError(core.executable + " does not search " + place +
                                           " before the layer; is PYTHONPATH switched off for it?");
    }
  }
  return result;
}

}  // namespace hfoffline::layers
