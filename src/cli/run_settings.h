// The settings of one run as `run`, `env`, `explain` and `bake` read them: core/settings.h, then
// the flags.
#pragma once

#include <list>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "core/arena.h"
#include "core/config.h"
#include "core/run_plan.h"
#include "core/settings.h"

namespace hfoffline::cli {

// Memory for everything of core that needs an arena. Address space only; what is used becomes
// memory.
class ArenaMemory {
 public:
  ArenaMemory();
  ~ArenaMemory();
  ArenaMemory(const ArenaMemory&) = delete;
  ArenaMemory& operator=(const ArenaMemory&) = delete;

  Arena& arena() { return arena_; }

 private:
  void* memory_;
  Arena arena_;
};

struct RunSettings {
  ArenaMemory memory;
  Config config;
  std::list<std::string>
      texts;  // what the config points into, besides the arena and the command line
};

// Reads the config file, the HFOFFLINE_* variables and the flags. Relative paths in flags are taken
// from the working directory. On failure says why on stderr and returns false. Warns about
// HFOFFLINE_* variables nobody reads.
bool load_run_settings(const Context& context, const Arguments& arguments, RunSettings& settings);

// The record file as an absolute path, or "" if none was asked for: a relative one is taken from
// the working directory, wherever it was given, as the bare LD_PRELOAD does.
std::string absolute_record_file(const Config& config);

// `path` from the working directory, if it is relative.
std::string absolute_path(std::string_view path);

// HFOFFLINE_* variables that nothing reads; the names point into `environment`.
std::vector<UnknownVariable> unknown_variables(const char* const* environment);

// Counts the variables a plan sets and removes.
struct VariableCounts {
  std::size_t set = 0;
  std::size_t removed = 0;
};
VariableCounts count_variables(const EnvironmentPlan& plan);

std::string_view layout_name(Layout layout);

}  // namespace hfoffline::cli
