#include "layers/python_places.h"

#include <cstdlib>
#include <memory>
#include <set>

#include "cli/run_settings.h"
#include "cli/string_tools.h"
#include "core/settings.h"

namespace hfoffline::layers {
namespace {

using cli::cat;

std::string canonical_of(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(path.c_str(), nullptr),
                                                             &std::free);
  return resolved ? std::string(resolved.get()) : path;
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == path.npos ? "/" : path.substr(0, slash);
}

// Names places, one after the other.
class PlaceNamer {
 public:
  PlaceNamer(const ShadowRequest& request, const InterpreterFacts& facts);

  // Nothing for an entry that leads nowhere.
  void add(const std::string& entry, std::size_t index);
  std::vector<PythonPlace> take() { return std::move(places_); }

 private:
  std::string unique_name(const std::string& name);
  bool is_standard_library(const std::string& canonical) const;
  bool find_pth(PythonPlace& place) const;
  void find_origin(PythonPlace& place, const std::string& entry, bool first);

  const ShadowRequest& request_;
  const InterpreterFacts& facts_;
  std::vector<std::string> python_path_;
  std::set<std::string> standard_library_;
  std::set<std::string> site_;
  std::string user_;
  std::set<std::string> names_;
  std::set<std::string> seen_;
  std::vector<PythonPlace> places_;
};

PlaceNamer::PlaceNamer(const ShadowRequest& request, const InterpreterFacts& facts)
    : request_(request), facts_(facts) {
  const char* variable = find_in_environment(request.environment, "PYTHONPATH");
  if (variable != nullptr && !facts.ignores_environment) {
    for (const std::string_view entry : cli::split_skipping_empty(variable, ":"))
      python_path_.push_back(canonical_of(cli::absolute_path(entry)));
  }
  // "3.11.2": lib/python3.11, lib/python311.zip
  const std::size_t dot = facts.version.find('.');
  const std::string minor = facts.version.substr(0, facts.version.find('.', dot + 1));
  std::string digits = minor;
  if (dot != digits.npos) digits.erase(dot, 1);
  const std::string library = cat(facts.base_prefix, "/", facts.platlibdir);
  const std::string binary = cat(facts.base_exec_prefix, "/", facts.platlibdir);
  for (const std::string& path :
       {facts.stdlib, cat(library, "/python", minor), cat(library, "/python", digits, ".zip"),
        cat(facts.base_prefix, "/lib/python", minor), cat(binary, "/python", minor, "/lib-dynload"),
        cat(facts.stdlib, "/lib-dynload")}) {
    if (!path.empty()) standard_library_.insert(canonical_of(path));
  }
  for (const std::string& path : facts.site_packages) site_.insert(canonical_of(path));
  if (!facts.user_site.empty()) user_ = canonical_of(facts.user_site);
}

std::string PlaceNamer::unique_name(const std::string& name) {
  std::string unique = name;
  for (int number = 2; !names_.insert(unique).second; ++number) unique = cat(name, "-", number);
  return unique;
}

bool PlaceNamer::is_standard_library(const std::string& canonical) const {
  return standard_library_.count(canonical) != 0;
}

// Whether a .pth file of a place that was read already put it there.
bool PlaceNamer::find_pth(PythonPlace& place) const {
  for (const PythonPlace& other : places_) {
    for (const PthLine& line : other.content.pth_lines) {
      if (line.is_import) continue;
      const std::string path =
          line.text.starts_with("/") ? line.text : cat(other.path, "/", line.text);
      if (canonical_of(path) != place.canonical) continue;
      place.origin = PlaceOrigin::kPth;
      place.why = cat("line ", line.line, " of ", other.path, "/", line.file);
      return true;
    }
  }
  return false;
}

void PlaceNamer::find_origin(PythonPlace& place, const std::string& entry, bool first) {
  place.searched_at_start = true;
  std::string name = "other";
  std::size_t variable = 0;
  while (variable < python_path_.size() && python_path_[variable] != place.canonical) ++variable;
  if (first && entry.empty()) {
    place.origin = PlaceOrigin::kScript;
    place.searched_at_start = false;
    place.why = request_.script.empty()
                    ? "sys.path[0]: the working directory; with --script, the script's directory"
                    : "sys.path[0]: the script's directory";
    name = "script";
  } else if (is_standard_library(place.canonical)) {
    place.origin = PlaceOrigin::kStandardLibrary;
    place.layer = "stdlib";
    return;
  } else if (variable < python_path_.size()) {
    place.origin = PlaceOrigin::kPythonPath;
    place.why = cat("PYTHONPATH, entry ", variable + 1);
    name = "pythonpath";
  } else if (place.canonical == user_) {
    place.origin = PlaceOrigin::kUser;
    place.why = "the user's own site directory";
    name = "user";
  } else if (site_.count(place.canonical) != 0) {
    place.origin = PlaceOrigin::kSite;
    place.layer = "site";
    place.why = cat("site directory of ", facts_.prefix);
    // A virtual environment may take the system's along.
    if (facts_.prefix != facts_.base_prefix && !place.path.starts_with(cat(facts_.prefix, "/")))
      place.why = cat("site directory of ", facts_.base_prefix, ", taken along (system site)");
    return;
  } else if (find_pth(place)) {
    name = "pth";
  } else {
    place.why = "put there by start-up code";
  }
  place.layer = unique_name(name);
}

void PlaceNamer::add(const std::string& entry, std::size_t index) {
  PythonPlace place;
  place.index = index;
  const bool first = index == 0;
  if (first && entry.empty()) {
    place.path = request_.script.empty()
                     ? cli::absolute_path(".")
                     : parent_of(canonical_of(cli::absolute_path(request_.script)));
  } else {
    place.path = cli::absolute_path(entry);
  }
  place.canonical = canonical_of(place.path);
  if (!seen_.insert(place.canonical).second) return;
  find_origin(place, entry, first);
  // A directory of scripts may be anybody's home, and nobody installs into the standard library.
  SiteDirectoryOptions options;
  options.whole_tree = place.origin != PlaceOrigin::kScript && !place.is_stdlib();
  place.content = read_site_directory(place.path, options);
  if (place.content.exists) places_.push_back(std::move(place));
}

void use_tables(const std::vector<Layer>& layers, PythonPlaces& result) {
  for (const Layer& layer : layers) {
    const std::string canonical = canonical_of(layer.path);
    for (PythonPlace& place : result.places) {
      if (place.canonical != canonical) continue;
      place.layer = layer.name;
      place.order = layer.order;
    }
  }
}

void add_given(const std::vector<Layer>& layers, PythonPlaces& result) {
  std::size_t number = 0;
  for (const Layer& layer : layers) {
    PythonPlace place;
    place.layer = layer.name;
    place.path = layer.path;
    place.canonical = canonical_of(layer.path);
    place.origin = PlaceOrigin::kGiven;
    place.searched_at_start = true;
    place.why = cat("layer ", ++number, " of those given");
    SiteDirectoryOptions options;
    options.whole_tree = true;
    place.content = read_site_directory(place.path, options);
    if (place.content.exists) result.places.push_back(std::move(place));
  }
}

bool has_layer(const PythonPlaces& result, std::string_view name) {
  for (const PythonPlace& place : result.places) {
    if (place.layer == name) return true;
  }
  return false;
}

absl::Status choose_core(const ShadowRequest& request, const std::vector<Layer>& layers,
                         PythonPlaces& result) {
  result.core = request.core;
  if (request.core.empty()) {
    for (const Layer& layer : layers) {
      if (layer.name == "core") result.core = layer.name;
    }
    if (result.core.empty() && !layers.empty()) result.core = layers.front().name;
    if (result.core.empty()) result.core = has_layer(result, "site") ? "site" : "stdlib";
  }
  bool found = false;
  const std::string canonical = canonical_of(cli::absolute_path(result.core));
  for (PythonPlace& place : result.places) {
    if (place.layer != result.core && place.canonical != canonical) continue;
    place.core = true;
    if (place.order) result.core_order = place.order;
    found = true;
  }
  if (found) return absl::OkStatus();
  for (const Layer& layer : layers) {
    if (layer.name == result.core) result.core_path = layer.path;
  }
  if (result.core.find('/') != result.core.npos) result.core_path = cli::absolute_path(result.core);
  if (!result.core_path.empty()) return absl::OkStatus();
  std::set<std::string> names;
  for (const PythonPlace& place : result.places) names.insert(place.layer);
  return absl::InvalidArgumentError(
      cat("there is no layer \"", result.core, "\"\n  the layers are ", cli::join(names, ", ")));
}

}  // namespace

absl::StatusOr<PythonPlaces> find_python_places(const ShadowRequest& request,
                                                const InterpreterFacts* facts) {
  PythonPlaces result;
  const std::vector<Layer> layers = layers_of_kind(request.layers, "python");
  const bool only_layers = facts == nullptr || request.layers_are_given;
  if (facts != nullptr) {
    PlaceNamer namer(request, *facts);
    for (std::size_t i = 0; i < facts->path.size(); ++i) namer.add(facts->path[i], i);
    result.places = namer.take();
    if (only_layers) {
      std::erase_if(result.places, [](const PythonPlace& place) { return !place.is_stdlib(); });
    }
  }
  if (only_layers) {
    add_given(layers, result);
  } else {
    use_tables(layers, result);
  }
  if (only_layers) {
    for (std::size_t i = 0; i < result.places.size(); ++i) result.places[i].index = i;
  }
  if (result.places.empty())
    return absl::InvalidArgumentError("none of the directories to be searched is there");
  if (const absl::Status status = choose_core(request, layers, result); !status.ok()) return status;
  return result;
}

std::vector<Distribution> distributions_of(const PythonPlaces& places) {
  std::vector<Distribution> all;
  for (const PythonPlace& place : places.places) {
    const std::vector<Distribution>& here = place.content.distributions;
    all.insert(all.end(), here.begin(), here.end());
  }
  return all;
}

std::size_t place_of_origin(const std::vector<PythonPlace>& places, std::string_view origin) {
  constexpr std::string_view kNamespace = "namespace:";
  if (origin.starts_with(kNamespace)) origin.remove_prefix(kNamespace.size());
  std::size_t best = std::string::npos;
  std::size_t length = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const PythonPlace& place = places[i];
    if ((origin == "built-in" || origin == "frozen") && place.is_stdlib()) return i;
    for (const std::string& path : {place.path, place.canonical}) {
      const bool inside =
          origin.starts_with(path) &&
          (origin.size() == path.size() || origin[path.size()] == '/' || path.ends_with('/'));
      if (!inside || path.size() <= length) continue;
      best = i;
      length = path.size();
    }
  }
  return best;
}

}  // namespace hfoffline::layers
