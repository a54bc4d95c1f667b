#include "layers/layer_stamp.h"

#include <nlohmann/json.hpp>

#include "layers/loader_rules.h"

namespace hfoffline::layers {

LayerStamp stamp_of(const PythonFacts& python) {
  return {python.implementation, python.version, python.ext_suffix};
}

std::string write_stamp(const LayerStamp& stamp) {
  const nlohmann::ordered_json json = {{"schema", 1},
                                       {"implementation", stamp.implementation},
                                       {"version", stamp.version},
                                       {"ext_suffix", stamp.ext_suffix}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::optional<LayerStamp> parse_stamp(std::string_view text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto take = [&](const char* name) -> std::string {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : "";
  };
  LayerStamp stamp{take("implementation"), take("version"), take("ext_suffix")};
  if (stamp.implementation.empty() || stamp.version.empty()) return std::nullopt;
  return stamp;
}

std::optional<LayerStamp> read_stamp(const std::string& directory) {
  const std::optional<std::string> text =
      read_whole_file(directory + "/" + std::string(kStampFile));
  return text ? parse_stamp(*text) : std::nullopt;
}

bool fits(const LayerStamp& layer, const LayerStamp& python) {
  return layer.implementation == python.implementation && layer.ext_suffix == python.ext_suffix &&
         minor_version(layer.version) == minor_version(python.version);
}

std::string describe(const LayerStamp& stamp) {
  return stamp.implementation + " " + stamp.version + ", " + stamp.ext_suffix;
}

}  // namespace hfoffline::layers
