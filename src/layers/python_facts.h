// What a Python interpreter says about itself, for layers that are made for it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace hfoffline::layers {

struct InstalledDistribution {
  std::string name;  // as its metadata spells it
  std::string version;
};

struct PythonFacts {
  std::string executable;         // as it was asked for, absolute
  std::string implementation;     // "cpython"
  std::string version;            // "3.11.2"
  std::string ext_suffix;         // ".cpython-311-x86_64-linux-gnu.so"
  std::vector<std::string> path;  // sys.path, isolated (-I)
  std::vector<std::string>
      site_directories;  // of sys.path, those with distributions or .pth files: site-packages
  // All that can be imported from `path`, the first of each name, but for what is below the
  // directory left out.
  std::vector<InstalledDistribution> distributions;
};

// Starts `python` (absolute path) once, isolated: neither the environment, nor the user's
// site-packages, nor the working directory count. What is at or below `without` is not core's.
absl::StatusOr<PythonFacts> ask_python(const std::string& python, const std::string& without);

// "3.11" of "3.11.2": what extension modules and bytecode depend on.
std::string minor_version(std::string_view version);

// The interpreter a name stands for: a path, made absolute, or found in PATH. "" if there is none.
std::string find_python(std::string_view name);

}  // namespace hfoffline::layers
