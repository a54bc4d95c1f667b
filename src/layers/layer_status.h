// What a durable layer is and holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "layers/layer_stamp.h"
#include "layers/site_directory.h"

namespace hfoffline::layers {

struct ContestedName {
  std::string name;         // as an import statement says it
  std::string file;         // below the layer
  std::string core;         // core's copy
  bool hides_core = false;  // the layer's wins even behind core; else it is never used
};

struct LayerStatus {
  std::string path;
  bool exists = false;
  bool writable = false;
  std::optional<LayerStamp> stamp;
  std::optional<LayerStamp> python;  // of the interpreter that was asked about
  std::vector<Distribution> distributions;
  std::vector<ContestedName> contested;  // only with an interpreter
  std::vector<UnreadableEntry> unreadable;
  std::uint64_t bytes = 0;  // of its files, each counted once however many names it has
  std::uint64_t files = 0;
  std::vector<std::string> left_over;  // staging directories beside it that killed processes left

  bool stale() const { return stamp && python && !fits(*stamp, *python); }
};

// Reads; changes nothing. `python`: nullptr if nobody asked about one.
LayerStatus read_layer_status(const std::string& directory, const PythonFacts* python);

// One JSON object and a newline.
std::string status_json(const LayerStatus& status);

}  // namespace hfoffline::layers
