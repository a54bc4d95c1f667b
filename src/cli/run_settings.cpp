#include "cli/run_settings.h"

#include <sys/mman.h>
#include <unistd.h>

#include <climits>
#include <new>

#include "cli/message.h"
#include "cli/string_tools.h"
#include "core/settings.h"
#include "presets/presets.h"

namespace hfoffline::cli {
namespace {

// A config file of the largest size, read, unescaped and listed, fits several times.
constexpr std::size_t kArenaBytes = 16 << 20;

void* reserve_memory() {
  void* memory = mmap(nullptr, kArenaBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
}

bool is_path(ValueType type) {
  return type == ValueType::absolute_path || type == ValueType::path ||
         type == ValueType::path_list;
}

std::string_view keep(RunSettings& settings, std::string text) {
  settings.texts.push_back(std::move(text));
  return settings.texts.back();
}

bool apply_flags(const Arguments& arguments, RunSettings& settings, Diagnostic& problem) {
  Arena& arena = settings.memory.arena();
  if (arguments.has("strict") && !arguments.given(key_info(Key::exec_unshimmed).flag)) {
    const Source source = {Source::Origin::kFlag, "--strict"};
    if (!apply_override(Key::exec_unshimmed, "refuse", source, known_preset_names(), arena,
                        settings.config, problem)) {
      return false;
    }
  }
  for (const GivenFlag& flag : arguments.flags) {
    if (!flag.key) continue;
    std::string_view value = flag.value;
    if (is_path(key_info(*flag.key).type)) value = keep(settings, absolute_path(value));
    Source source;
    source.origin = Source::Origin::kFlag;
    source.name = keep(settings, cat("--", flag.name));
    if (!apply_override(*flag.key, value, source, known_preset_names(), arena, settings.config,
                        problem))
      return false;
  }
  return true;
}

}  // namespace

ArenaMemory::ArenaMemory() : memory_(reserve_memory()), arena_(memory_, kArenaBytes) {}
ArenaMemory::~ArenaMemory() { munmap(memory_, kArenaBytes); }

bool load_run_settings(const Context& context, const Arguments& arguments, RunSettings& settings) {
  for (const UnknownVariable& variable : unknown_variables(context.environment)) {
    warn(cat("the variable ", printable(variable.name), " means nothing to hfoffline",
             variable.suggestion.empty() ? "" : "; did you mean ", variable.suggestion,
             variable.suggestion.empty() ? "" : "?"));
  }
  Diagnostic problem;
  std::string_view config_flag = arguments.value(kConfigFlag.name);
  if (!config_flag.empty()) config_flag = keep(settings, absolute_path(config_flag));
  if (!load_settings(config_flag, context.environment, known_preset_names(),
                     settings.memory.arena(), settings.config, problem) ||
      !apply_flags(arguments, settings, problem)) {
    error(problem);
    return false;
  }
  return true;
}

std::string absolute_path(std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  char directory[PATH_MAX];
  // Without a working directory the kernel will say so about the relative path.
  if (getcwd(directory, sizeof(directory)) == nullptr) return std::string(path);
  while (path.starts_with("./")) path.remove_prefix(2);
  const std::string_view base(directory);
  if (path.empty() || path == ".") return std::string(base);
  return cat(base, base == "/" ? "" : "/", path);
}

std::string absolute_record_file(const Config& config) {
  const std::string_view file = config.text(Key::record_file);
  return file.empty() ? std::string() : absolute_path(file);
}

std::vector<UnknownVariable> unknown_variables(const char* const* environment) {
  std::vector<UnknownVariable> result;
  UnknownVariable variable;
  while (next_unknown_variable(&environment, &variable)) result.push_back(variable);
  return result;
}

VariableCounts count_variables(const EnvironmentPlan& plan) {
  VariableCounts counts;
  for (std::size_t i = 0; i < plan.count; ++i)
    ++(plan.variables[i].set ? counts.set : counts.removed);
  return counts;
}

std::string_view layout_name(Layout layout) {
  switch (layout) {
    case Layout::kHfHome:
      return "hf-home";
    case Layout::kHubCache:
      return "hub-cache";
    case Layout::kUnknown:
      break;
  }
  return "unknown";
}

}  // namespace hfoffline::cli
