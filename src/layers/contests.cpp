#include "layers/contests.h"

#include <algorithm>
#include <optional>
#include <set>

#include "cli/string_tools.h"

namespace hfoffline::layers {

ImportRules::ImportRules(std::vector<PythonPlace>& places, const InterpreterFacts* facts)
    : places_(places), facts_(facts) {
  expand_contested_namespaces();
  find_contests();
}

bool ImportRules::fits(std::string_view abi_tag) const {
  if (facts_ == nullptr || abi_tag.empty()) return true;
  const std::string suffix = cli::cat(".", abi_tag, ".so");
  return std::find(facts_->suffixes.begin(), facts_->suffixes.end(), suffix) !=
         facts_->suffixes.end();
}

const ImportName* ImportRules::provided(std::size_t place, std::string_view name) const {
  for (const ImportName* candidate : find_names(places_[place].content, name)) {
    if (fits(candidate->abi_tag)) return candidate;
  }
  return nullptr;
}

// Two portions of one namespace are no contest, but what is in them may be.
void ImportRules::expand_contested_namespaces() {
  std::set<std::string, std::less<>> contested;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].is_sealed()) continue;
    for (const ImportName& import : places_[i].content.names) {
      if (import.kind != ModuleKind::kNamespacePortion ||
          import.name.find('.') != std::string::npos)
        continue;
      for (std::size_t sealed = 0; sealed < places_.size(); ++sealed) {
        if (places_[sealed].is_sealed() && provided(sealed, import.name) != nullptr)
          contested.insert(import.name);
      }
    }
  }
  for (const std::string& name : contested) {
    for (PythonPlace& place : places_) expand_namespace(place.content, name);
  }
}

void ImportRules::find_contests() {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].is_sealed()) continue;
    std::string_view last;
    for (const ImportName& import : places_[i].content.names) {
      // Several files of one name are one: the first that fits counts.
      if (import.name == last) continue;
      const ImportName* mine = provided(i, import.name);
      if (mine == nullptr) continue;
      last = import.name;
      for (std::size_t sealed = 0; sealed < places_.size(); ++sealed) {
        const ImportName* theirs =
            places_[sealed].is_sealed() ? provided(sealed, import.name) : nullptr;
        if (theirs == nullptr) continue;
        const bool portions = mine->kind == ModuleKind::kNamespacePortion &&
                              theirs->kind == ModuleKind::kNamespacePortion;
        // A portion wins over nothing, wherever it stands.
        if (mine->kind == ModuleKind::kNamespacePortion) {
          if (portions) continue;
          break;
        }
        contests_.push_back(
            {import.name, i, mine->file, mine->kind, sealed, theirs->file, theirs->kind});
        break;
      }
    }
  }
  std::stable_sort(contests_.begin(), contests_.end(),
                   [](const Contest& a, const Contest& b) { return a.name < b.name; });
}

std::size_t ImportRules::winner(std::string_view name) const {
  std::size_t portion = std::string::npos;
  std::size_t stdlib = std::string::npos;
  for (std::size_t i = 0; i < places_.size() && stdlib == std::string::npos; ++i) {
    if (places_[i].is_stdlib()) stdlib = i;
  }
  if (facts_ != nullptr && facts_->builtins.count(name) != 0) return stdlib;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const ImportName* import = provided(i, name);
    if (import == nullptr) continue;
    if (import->kind != ModuleKind::kNamespacePortion) return i;
    if (portion == std::string::npos) portion = i;
  }
  return portion;
}

std::vector<std::string> ImportRules::sample(std::size_t count) const {
  std::vector<std::string> names;
  for (const bool core : {true, false}) {
    if (!names.empty()) break;
    for (const PythonPlace& place : places_) {
      if (core ? !place.core : !place.is_stdlib()) continue;
      for (const ImportName& import : place.content.names) {
        if (import.kind != ModuleKind::kNamespacePortion && fits(import.abi_tag) &&
            import.name.find('.') == std::string::npos)
          names.push_back(import.name);
      }
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  // Whoever stands after another of core's own places must not be taken for a layer.
  std::vector<std::string> chosen;
  for (std::size_t i = 0; i < count && i < names.size(); ++i)
    chosen.push_back(names[i * names.size() / std::min(count, names.size())]);
  return chosen;
}

std::vector<DistributionClash> distribution_clashes(const std::vector<PythonPlace>& places) {
  const auto first_in_core = [&](const Distribution& mine) -> std::optional<DistributionClash> {
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (!places[i].core) continue;
      const std::vector<Distribution>& all = places[i].content.distributions;
      const auto found =
          std::lower_bound(all.begin(), all.end(), mine.canonical,
                           [](const Distribution& distribution, const std::string& name) {
                             return distribution.canonical < name;
                           });
      if (found != all.end() && found->canonical == mine.canonical)
        return DistributionClash{0, &mine, i, &*found};
    }
    return std::nullopt;
  };
  std::vector<DistributionClash> clashes;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i].is_sealed()) continue;
    for (const Distribution& mine : places[i].content.distributions) {
      std::optional<DistributionClash> clash = first_in_core(mine);
      if (!clash || clash->sealed->version == mine.version) continue;
      clash->layer = i;
      clashes.push_back(*clash);
    }
  }
  return clashes;
}

}  // namespace hfoffline::layers
