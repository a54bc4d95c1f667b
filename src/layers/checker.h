// What a checker of `hfoffline shadow` is given, and what it reports.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/config.h"
#include "layers/finding.h"
#include "layers/layer.h"
#include "layers/site_directory.h"

namespace hfoffline::layers {

struct ShadowRequest {
  const char* const* environment = nullptr;  // NULL-terminated; the process's own
  const Config* config = nullptr;
  std::string launcher;  // the hfoffline program, to start others under the shim

  // From --layer (then as a search order of their own), else from the [[layer]] tables.
  std::vector<Layer> layers;
  bool layers_are_given = false;  // by --layer
  std::string core;               // --core: name or path of the layer that must win; "" : not said

  std::string python;        // --python, absolute or to be found in PATH
  std::string python_flags;  // --python-flags: "-I -s"
  std::string script;        // --script
  std::string program;       // --program: whose libraries are judged
  std::string extension;     // --extension: a shared library that the interpreter loads
  unsigned sample = 0;       // --sample: names of core that are asked about, besides contested ones
  bool only_read = false;    // --only-read: nothing is started
};

// One place of a search order, in the order in which it is searched.
struct SearchedPlace {
  std::string layer;
  std::string path;
  std::string why;  // how it came to be searched
  bool core = false;
};

// A search order that was judged, as the reader should see it.
struct SearchOrder {
  std::string checker;
  std::string title;  // "/usr/bin/python3 (CPython 3.11.2)"
  std::vector<SearchedPlace> places;
  // What was done, one line each: "2 names asked of the interpreter with 1 start".
  std::vector<std::string> facts;
};

struct ShadowReport {
  std::vector<SearchOrder> orders;
  std::vector<Finding> findings;
  // What the Python check found installed, for checks that depend on a client's version. In the
  // order in which importlib.metadata finds them; of one name, the first counts.
  std::vector<Distribution> distributions;
};

struct Checker {
  std::string_view name;
  std::string_view help;
  // InvalidArgument: wrong use, exit code 2. Anything else: the check itself failed, exit code 125.
  absl::Status (*function)(const ShadowRequest&, ShadowReport&);
};

#define CHECKER(name, function, help) \
  absl::Status function(const ShadowRequest& request, ShadowReport& report);
#include "layers/checkers.def"
#undef CHECKER

// In the order of checkers.def.
std::span<const Checker> checkers();

}  // namespace hfoffline::layers
