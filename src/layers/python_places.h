// The search path of an interpreter as a list of places with names, and why each is there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "layers/checker.h"
#include "layers/interpreter.h"
#include "layers/site_directory.h"

namespace hfoffline::layers {

enum class PlaceOrigin {
  kScript,
  kPythonPath,
  kStandardLibrary,
  kSite,
  kUser,
  kPth,
  kGiven,
  kOther
};

struct PythonPlace {
  std::string layer;  // the name of the layer it belongs to; several places may belong to one
  std::string path;   // absolute; as the interpreter has it, but for a leading ""
  std::string canonical;
  std::string why;
  PlaceOrigin origin = PlaceOrigin::kOther;
  std::size_t index = 0;  // of its entry in the search path as the interpreter is given it
  bool core = false;
  bool searched_at_start = false;      // while the interpreter imports its own modules
  std::optional<std::uint32_t> order;  // of its [[layer]] table
  SiteDirectory content;

  bool is_stdlib() const { return origin == PlaceOrigin::kStandardLibrary; }
  bool is_sealed() const { return core || is_stdlib(); }
};

struct PythonPlaces {
  std::vector<PythonPlace> places;  // in the order in which they are searched; those that exist
  std::string core;                 // the name of core's layer
  std::string core_path;            // set where core is not among the places
  std::optional<std::uint32_t> core_order;
};

// Reads every place too. `facts` is null where no interpreter is asked: then only the layers of the
// request are places. InvalidArgument if --core names nothing.
absl::StatusOr<PythonPlaces> find_python_places(const ShadowRequest& request,
                                                const InterpreterFacts* facts);

// Of all places, in search order.
std::vector<Distribution> distributions_of(const PythonPlaces& places);

// The place that `origin`, an answer of the interpreter, lies in; npos: in none. "built-in" and
// "frozen" are the standard library's, if there is one among the places.
std::size_t place_of_origin(const std::vector<PythonPlace>& places, std::string_view origin);

}  // namespace hfoffline::layers
