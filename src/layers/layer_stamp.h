// The file that says which interpreter a durable layer was made for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "layers/python_facts.h"

namespace hfoffline::layers {

inline constexpr std::string_view kStampFile = ".hfoffline-layer.json";

struct LayerStamp {
  std::string implementation;
  std::string version;  // "3.11.2"; a layer fits every 3.11
  std::string ext_suffix;
};

LayerStamp stamp_of(const PythonFacts& python);
std::string write_stamp(const LayerStamp& stamp);  // JSON and a newline

// Nothing if it is no stamp of ours.
std::optional<LayerStamp> parse_stamp(std::string_view text);

// The stamp of a layer; nothing if it has none that can be read.
std::optional<LayerStamp> read_stamp(const std::string& directory);

// Whether what was installed for one can be imported by the other.
bool fits(const LayerStamp& layer, const LayerStamp& python);

// "cpython 3.11.2, .cpython-311-x86_64-linux-gnu.so"
std::string describe(const LayerStamp& stamp);

}  // namespace hfoffline::layers
