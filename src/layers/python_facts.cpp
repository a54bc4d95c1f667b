#include "layers/python_facts.h"

#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>

#include "layers/child_output.h"

namespace hfoffline::layers {
namespace {

// Pairs of NUL-terminated texts, as bytes: paths need not be UTF-8.
constexpr char kAsk[] = R"(import os, sys, sysconfig
def say(name, value):
    sys.stdout.buffer.write(name.encode() + b"\0" + os.fsencode(value) + b"\0")
say("implementation", sys.implementation.name)
say("version", "%d.%d.%d" % sys.version_info[:3])
say("ext_suffix", sysconfig.get_config_var("EXT_SUFFIX") or "")
without = os.path.realpath(sys.argv[1]) if sys.argv[1] else None
path = []
for place in sys.path:
    real = os.path.realpath(place)
    if without and (real == without or real.startswith(without + os.sep)):
        continue
    path.append(place)
    say("path", place)
import site
for place in site.getsitepackages():
    if place in path:
        say("site", place)
from importlib import metadata
seen = set()
for place in path:
    for distribution in metadata.distributions(path=[place]):
        name, version = distribution.metadata["Name"], distribution.version
        if not name or not version or name.lower() in seen:
            continue
        seen.add(name.lower())
        say("name", name)
        say("version of it", version)
)";

}  // namespace

std::string minor_version(std::string_view version) {
  const std::size_t first = version.find('.');
  return std::string(
      version.substr(0, first == version.npos ? first : version.find('.', first + 1)));
}

std::string find_python(std::string_view name) {
  const auto absolute = [](std::string path) {
    if (path.starts_with('/')) return path;
    char buffer[PATH_MAX];
    return getcwd(buffer, sizeof(buffer)) == nullptr ? path : std::string(buffer) + "/" + path;
  };
  const auto runs = [](const std::string& path) {
    struct stat status;
    return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           access(path.c_str(), X_OK) == 0;
  };
  if (name.find('/') != name.npos) {
    const std::string path = absolute(std::string(name));
    return runs(path) ? path : "";
  }
  const char* variable = getenv("PATH");
  std::string_view rest = variable == nullptr ? "/usr/bin:/bin" : variable;
  for (;;) {
    const std::size_t end = rest.find(':');
    const std::string_view directory = rest.substr(0, end);
    std::string path =
        absolute((directory.empty() ? "." : std::string(directory)) + "/" + std::string(name));
    if (runs(path)) return path;
    if (end == rest.npos) return "";
    rest.remove_prefix(end + 1);
  }
}

absl::StatusOr<PythonFacts> ask_python(const std::string& python, const std::string& without) {
  const ChildOutput output = run_child({.program = python,
                                        .arguments = {python, "-I", "-B", "-c", kAsk, without},
                                        .environment = environment_without({})});
  if (!output.succeeded()) {
    std::string_view said = output.diagnostics;
    while (said.ends_with('\n')) said.remove_suffix(1);
    return absl::InvalidArgumentError(
        python + " does not answer as a Python interpreter: " + describe_end(output) + " " +
        std::string(said.substr(said.rfind('\n') + 1)));
  }
  PythonFacts facts;
  facts.executable = python;
  std::string_view rest = output.out;
  const auto next = [&] {
    const std::string_view text = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), text.size() + 1));
    return std::string(text);
  };
  while (!rest.empty()) {
    const std::string name = next();
    std::string value = next();
    if (name == "implementation") facts.implementation = value;
    if (name == "version") facts.version = value;
    if (name == "ext_suffix") facts.ext_suffix = value;
    if (name == "path") facts.path.push_back(value);
    if (name == "site") facts.site_directories.push_back(value);
    if (name == "name") facts.distributions.push_back({value, ""});
    if (name == "version of it" && !facts.distributions.empty())
      facts.distributions.back().version = value;
  }
  if (facts.version.empty())
    return absl::InvalidArgumentError(python + " does not answer as a Python interpreter");
  return facts;
}

}  // namespace hfoffline::layers
