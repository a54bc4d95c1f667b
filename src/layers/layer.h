// One place in a search order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hfoffline::layers {

struct Layer {
  std::string name;
  std::string path;         // absolute, as given
  std::string kind;         // python | libs | cache
  std::uint32_t order = 0;  // the lowest is searched first
};

// The layers of one kind in the order in which they are searched; of equal order, as given.
std::vector<Layer> layers_of_kind(const std::vector<Layer>& layers, std::string_view kind);

}  // namespace hfoffline::layers
