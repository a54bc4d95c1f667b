#include "layers/layer.h"

#include <algorithm>
#include <iterator>

namespace hfoffline::layers {

std::vector<Layer> layers_of_kind(const std::vector<Layer>& layers, std::string_view kind) {
  std::vector<Layer> result;
  std::copy_if(layers.begin(), layers.end(), std::back_inserter(result),
               [&](const Layer& layer) { return layer.kind == kind; });
  std::stable_sort(result.begin(), result.end(),
                   [](const Layer& a, const Layer& b) { return a.order < b.order; });
  return result;
}

}  // namespace hfoffline::layers
