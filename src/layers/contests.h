// Which names more than one place of a Python search path provides, and which of them the rules of
// import let win. Pure, but that namespace portions are read when they are contested.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "layers/interpreter.h"
#include "layers/python_places.h"

namespace hfoffline::layers {

// A name that a layer has, and core or the standard library too.
struct Contest {
  std::string name;
  std::size_t layer = 0;  // index of the places
  std::string file;       // the layer's copy, below its place
  ModuleKind kind = ModuleKind::kSource;
  std::size_t sealed = 0;  // the first place of core or the standard library that has it
  std::string sealed_file;
  ModuleKind sealed_kind = ModuleKind::kSource;
};

// A distribution of which a layer and core have different versions.
struct DistributionClash {
  std::size_t layer = 0;                 // index of the places
  const Distribution* mine = nullptr;    // the layer's copy; as long-lived as the places
  std::size_t core = 0;                  // the first place of core that has it
  const Distribution* sealed = nullptr;  // core's copy
};
// In order of place, then of name.
std::vector<DistributionClash> distribution_clashes(const std::vector<PythonPlace>& places);

class ImportRules {
 public:
  // `facts` may be null: then every extension module fits, and nothing is built in. Reads contested
  // namespace portions of `places`, which must outlive it.
  ImportRules(std::vector<PythonPlace>& places, const InterpreterFacts* facts);

  // In order of name, then of place.
  const std::vector<Contest>& contests() const { return contests_; }

  // What a place provides under a name; null if nothing that can be imported.
  const ImportName* provided(std::size_t place, std::string_view name) const;
  // The place whose copy an import gives; npos: none.
  std::size_t winner(std::string_view name) const;
  // Whether an interpreter would look for an extension module with this tag.
  bool fits(std::string_view abi_tag) const;

  // `count` names evenly over all that core has, whole modules only; of the standard library where
  // core has none.
  std::vector<std::string> sample(std::size_t count) const;

 private:
  void expand_contested_namespaces();
  void find_contests();

  std::vector<PythonPlace>& places_;
  const InterpreterFacts* facts_;
  std::vector<Contest> contests_;
};

}  // namespace hfoffline::layers
