#include "cli/layer_main.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

#include "cli/exit_codes.h"
#include "cli/help.h"
#include "cli/message.h"
#include "cli/run_settings.h"
#include "cli/shell_quote.h"
#include "cli/standard_output.h"
#include "cli/string_tools.h"
#include "cli/whole_file.h"
#include "core/suggest.h"
#include "layers/checker.h"
#include "layers/findings_json.h"
#include "layers/findings_text.h"
#include "layers/layer_environment.h"
#include "layers/layer_install.h"
#include "layers/layer_manifest.h"
#include "layers/layer_prepare.h"
#include "layers/layer_status.h"
#include "layers/requirement.h"
#include "nlohmann/json.hpp"

namespace hfoffline::cli {
namespace {

constexpr std::string_view kDefaultFile = "hfoffline-layers.lock";
constexpr char kDisable[] = "HFOFFLINE_DISABLE_LAYER_INSTALL";

struct LayerCall {
  const Context& context;
  const Arguments& arguments;
  const std::string& launcher;
  RunSettings settings;
  std::vector<std::string> operands;  // behind the subcommand

  std::string directory() const { return absolute_path(operands[0]); }
};

int report(const absl::Status& status) {
  error(printable(std::string(status.message())));
  return absl::IsInvalidArgument(status) ? kWrongUse : kCheckFailed;
}

std::optional<std::string> wanted_python(const LayerCall& call) {
  const std::string_view given = call.arguments.value("python");
  std::string python = layers::find_python(given.empty() ? "python3" : given);
  if (!python.empty()) return python;
  error(given.empty() ? "there is no python3 in PATH; name an interpreter with --python"
                      : cat("there is no interpreter ", printable(std::string(given))));
  return std::nullopt;
}

// The interpreter's facts, without what is in the layer; nothing, said on stderr, if it has none.
std::optional<layers::PythonFacts> python_facts(const LayerCall& call, int* code) {
  *code = kWrongUse;
  const std::optional<std::string> python = wanted_python(call);
  if (!python) return std::nullopt;
  absl::StatusOr<layers::PythonFacts> facts = layers::ask_python(*python, call.directory());
  if (facts.ok()) return std::move(*facts);
  *code = report(facts.status());
  return std::nullopt;
}

std::string with_unit(std::uint64_t bytes) {
  constexpr std::string_view kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  auto value = static_cast<double>(bytes);
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof(text), unit == 0 ? "%.0f" : "%.1f", value);
  return cat(text, " ", kUnits[unit]);
}

std::string row(std::string_view left, std::string_view right) {
  constexpr std::size_t kLeft = 17;
  constexpr std::size_t kWidth = 79;
  std::string line = cat("  ", left);
  line.resize(std::max(line.size(), kLeft), ' ');
  return cat(line, wrap(right, kWidth - kLeft, kLeft), "\n");
}

std::string status_text(const layers::LayerStatus& status) {
  std::string text = cat(printable(status.path), "\n");
  if (!status.exists) append(&text, row("exists", "no; `hfoffline layer prepare` makes it"));
  if (status.exists) {
    append(&text, row("writable", status.writable ? "yes" : "no"));
    append(&text, row("made for", status.stamp ? printable(describe(*status.stamp))
                                               : std::string("nobody knows: it has no stamp")));
  }
  if (status.stale()) {
    append(&text, row("stale", cat("not for ", printable(describe(*status.python)),
                                   ": `hfoffline layer prepare --wipe-stale` empties it")));
  }
  if (status.exists) {
    append(&text, row("size", cat(status.files, " files, ", with_unit(status.bytes))));
    append(&text, row("distributions", cat(status.distributions.size())));
    for (const layers::Distribution& distribution : status.distributions) {
      append(&text, "    ", printable(cat(distribution.name, " ", distribution.version)), "\n");
    }
  }
  if (status.exists && status.python) {
    append(&text, row("also in core", cat(status.contested.size(), " names")));
    for (const layers::ContestedName& name : status.contested) {
      append(&text, "    ", printable(name.name), ": ",
             name.hides_core ? "hides the namespace package " : "hidden by ", printable(name.core),
             "\n");
    }
  }
  for (const layers::UnreadableEntry& entry : status.unreadable) {
    append(&text, row("unreadable", printable(entry.file.empty() ? "itself" : entry.file)));
  }
  for (const std::string& path : status.left_over) {
    append(&text, row("left over", cat(printable(path),
                                       ", of an install that was killed or still "
                                       "runs; the next one removes it")));
  }
  return text;
}

int status_of(LayerCall& call) {
  std::optional<layers::PythonFacts> python;
  if (call.arguments.given("python")) {
    int code = kSuccess;
    python = python_facts(call, &code);
    if (!python) return code;
  }
  const layers::LayerStatus status =
      layers::read_layer_status(call.directory(), python ? &*python : nullptr);
  const std::string text =
      call.arguments.has("json") ? layers::status_json(status) : status_text(status);
  if (const int code = print(text); code != kSuccess) return code;
  return status.stale() ? kShadowed : kSuccess;
}

int prepare(LayerCall& call) {
  int code = kSuccess;
  const std::optional<layers::PythonFacts> python = python_facts(call, &code);
  if (!python) return code;
  const absl::StatusOr<layers::Preparation> done =
      layers::prepare_layer(call.directory(), *python, call.arguments.has("wipe-stale"));
  if (!done.ok()) return report(done.status());
  const std::string path = printable(done->path);
  const std::string made = printable(describe(done->stamp));
  switch (done->outcome) {
    case layers::PrepareOutcome::kMade:
      return print(cat(path, " is made for ", made, "\n"));
    case layers::PrepareOutcome::kThere:
      return print(cat(path, " is there, for ", printable(describe(done->before)), "\n"));
    case layers::PrepareOutcome::kWiped:
      return print(cat(path, " was for ", printable(describe(done->before)),
                       "; it is empty now, and made for ", made, "\n"));
    case layers::PrepareOutcome::kStale:
      error(cat(path, " was made for ", printable(describe(done->before)), ", and not for ", made,
                "\n  nothing was changed; --wipe-stale empties it and makes it anew"));
      return kShadowed;
    case layers::PrepareOutcome::kUnstamped:
      error(cat(path, " holds something, and no stamp says which interpreter it is for",
                "\n  nothing was changed; give a new or an empty directory"));
      return kWrongUse;
  }
  return kOurFailure;
}

// Either one is enough, whatever the other says.
std::string why_disabled(const LayerCall& call) {
  const char* variable = getenv(kDisable);
  const std::string_view value = variable == nullptr ? "" : variable;
  if (!value.empty() && value != "0" && value != "false") return cat(kDisable, "=", value);
  const Setting& setting = call.settings.config.at(Key::layer_install_enabled);
  if (setting.boolean) return "";
  return cat("enabled = false in [layer_install] of ", call.settings.config.file);
}

// The checker of Python's search order, with the layer where `layer env` puts it.
int check_shadows(LayerCall& call, const layers::PythonFacts& python) {
  const absl::StatusOr<layers::LayerEnvironment> environment =
      layers::layer_environment(call.directory(), python);
  if (!environment.ok()) return report(environment.status());
  std::vector<std::string> texts;
  for (const char* const* entry = call.context.environment; *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with("PYTHONPATH=")) texts.emplace_back(*entry);
  }
  texts.push_back(cat("PYTHONPATH=", environment->python_path));
  std::vector<const char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  pointers.push_back(nullptr);

  layers::ShadowRequest request;
  request.environment = pointers.data();
  request.config = &call.settings.config;
  request.launcher = call.launcher;
  request.python = python.executable;
  const std::string path = call.directory();
  // All that stands behind the standard library is core's.
  bool is_core = false;
  for (const std::string& place : python.path) {
    const auto& sites = python.site_directories;
    is_core = is_core || std::find(sites.begin(), sites.end(), place) != sites.end();
    if (is_core) request.layers.push_back({"core", place, "python", 1});
  }
  const std::string name = path.substr(path.rfind('/') + 1);
  request.layers.push_back({name == "core" ? "layer" : name, path, "python", 2});
  request.core = is_core ? "core" : "stdlib";
  layers::ShadowReport found;
  for (const layers::Checker& checker : layers::checkers()) {
    if (checker.name != "python") continue;
    const absl::Status status = checker.function(request, found);
    if (!status.ok()) {
      error(cat("it is installed, but the shadow check failed: ",
                printable(std::string(status.message()))));
      return kOurFailure;
    }
  }
  if (const int code = print(layers::findings_text(found, false)); code != kSuccess) return code;
  return layers::shadows_core(found) ? kShadowed : kSuccess;
}

int install(LayerCall& call) {
  if (const std::string why = why_disabled(call); !why.empty()) {
    error(cat("installing into layers is switched off: ", printable(why)));
    return kWrongUse;
  }
  layers::InstallRequest request;
  request.directory = call.directory();
  request.installer = call.arguments.value("installer");
  if (!request.installer.empty() && request.installer != "pip" && request.installer != "uv") {
    error(cat("--installer is pip or uv, not \"", printable(request.installer), "\""));
    return kWrongUse;
  }
  for (std::size_t i = 1; i < call.operands.size(); ++i) {
    const std::string& text = call.operands[i];
    if (const std::string problem = layers::requirement_problem(text); !problem.empty()) {
      error(cat("\"", printable(text), "\" is not installed: ", problem,
                "\n  only names, with versions, from an index are"));
      return kWrongUse;
    }
    request.requirements.push_back(text);
  }
  if (request.requirements.empty()) {
    error("nothing to install is given: hfoffline layer install DIR SPEC...");
    return kWrongUse;
  }
  int code = kSuccess;
  const std::optional<layers::PythonFacts> python = python_facts(call, &code);
  if (!python) return code;
  const absl::StatusOr<layers::InstallResult> done = layers::install_into_layer(request, *python);
  if (!done.ok()) return report(done.status());
  std::string text;
  for (const layers::InstalledDistribution& distribution : done->installed) {
    append(&text, "installed ", printable(cat(distribution.name, " ", distribution.version)), "\n");
  }
  if (text.empty()) text = "nothing to install: core and the layer have it all\n";
  if (code = print(text); code != kSuccess) return code;
  return check_shadows(call, *python);
}

int environment_of(LayerCall& call) {
  int code = kSuccess;
  const std::optional<layers::PythonFacts> python = python_facts(call, &code);
  if (!python) return code;
  const absl::StatusOr<layers::LayerEnvironment> found =
      layers::layer_environment(call.directory(), *python);
  if (!found.ok()) return report(found.status());
  if (call.arguments.has("json")) {
    const nlohmann::ordered_json json = {{"schema", 1},
                                         {"PYTHONPATH", found->python_path},
                                         {"pth_file", found->pth_file},
                                         {"pth_line", found->pth_line},
                                         {"sys_path", found->searched}};
    return print(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  }
  std::string text;
  if (!found->pth_file.empty()) {
    append(
        &text,
        "# For good, where core may be written to, as when an image is built. Every way to start\n"
        "# the interpreter then searches the layer, and searches it last:\n#   printf '%s\\n' ",
        shell_quote(found->pth_line), " >", shell_quote(found->pth_file), "\n");
  }
  append(&text, "# Without that, and for Python ", layers::minor_version(python->version),
         " alone: all of core comes first. Tried with\n# ", printable(python->executable), ".\n",
         "export PYTHONPATH=", shell_quote(found->python_path), "\n");
  return print(text);
}

// The stack that is locked, in its order; empty, said on stderr, if there is none.
std::vector<layers::Layer> wanted_stack(const LayerCall& call) {
  std::vector<layers::Layer> stack;
  for (const GivenFlag& flag : call.arguments.flags) {
    if (flag.name != "layer") continue;
    const std::size_t equals = flag.value.find('=');
    if (equals == 0 || equals == flag.value.npos || equals + 1 == flag.value.size()) {
      error(cat("--layer is NAME=DIR, not \"", printable(std::string(flag.value)), "\""));
      return {};
    }
    const std::string name(flag.value.substr(0, equals));
    if (std::any_of(stack.begin(), stack.end(),
                    [&](const auto& layer) { return layer.name == name; })) {
      error(cat("two layers are called \"", printable(name), "\": give each its own name"));
      return {};
    }
    stack.push_back({name, absolute_path(flag.value.substr(equals + 1)), "python",
                     static_cast<std::uint32_t>(stack.size() + 1)});
  }
  if (!stack.empty()) return stack;
  for (const LayerTable* table = call.settings.config.layers; table != nullptr;
       table = table->next) {
    stack.push_back({std::string(table->text(LayerKey::name)),
                     std::string(table->text(LayerKey::path)),
                     std::string(table->text(LayerKey::kind)), table->order});
  }
  // Stable: of the same order, as the file has them.
  std::stable_sort(stack.begin(), stack.end(),
                   [](const auto& a, const auto& b) { return a.order < b.order; });
  if (stack.empty())
    error("there are no layers: give --layer NAME=DIR, or [[layer]] tables in hfoffline.toml");
  return stack;
}

std::string lock_file(const LayerCall& call) {
  const std::string_view given = call.arguments.value("file");
  return given == "-" ? std::string(given) : absolute_path(given.empty() ? kDefaultFile : given);
}

// Beside its place first, so that nobody reads half a lock.
int write_lock(const std::string& path, std::string_view text) {
  std::string temporary = cat(path, ".XXXXXX");
  const int descriptor = mkostemp(temporary.data(), O_CLOEXEC);
  int failure = descriptor < 0 ? errno : 0;
  const mode_t mask = umask(0);
  umask(mask);
  if (failure == 0 && fchmod(descriptor, 0666 & ~mask) != 0) failure = errno;
  while (failure == 0 && !text.empty()) {
    const ssize_t count = write(descriptor, text.data(), text.size());
    if (count < 0 && errno != EINTR) failure = errno;
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (descriptor >= 0 && close(descriptor) != 0 && failure == 0) failure = errno;
  if (failure == 0 && rename(temporary.c_str(), path.c_str()) != 0) failure = errno;
  if (failure == 0) return kSuccess;
  if (descriptor >= 0) unlink(temporary.c_str());
  error(cat("the lock file ", printable(path), " cannot be written: ", std::strerror(failure)));
  return kCheckFailed;
}

int lock(LayerCall& call) {
  const std::vector<layers::Layer> stack = wanted_stack(call);
  if (stack.empty()) return kWrongUse;
  const absl::StatusOr<layers::Manifest> manifest = layers::make_manifest(stack);
  if (!manifest.ok()) return report(manifest.status());
  const std::string text = layers::write_manifest(*manifest);
  const std::string path = lock_file(call);
  return path == "-" ? print(text) : write_lock(path, text);
}

int verify(LayerCall& call) {
  const std::vector<layers::Layer> stack = wanted_stack(call);
  if (stack.empty()) return kWrongUse;
  const std::string path = lock_file(call);
  std::string text;
  if (const int failure = read_whole(path == "-" ? "/proc/self/fd/0" : path, text); failure != 0) {
    error(cat("the lock file ", printable(path), " cannot be read: ", std::strerror(failure),
              "\n  `hfoffline layer lock` writes it"));
    return kWrongUse;
  }
  const absl::StatusOr<layers::Manifest> locked = layers::parse_manifest(text);
  if (!locked.ok()) {
    error(cat(printable(path), ": ", printable(std::string(locked.status().message()))));
    return kWrongUse;
  }
  const absl::StatusOr<layers::Manifest> found = layers::make_manifest(stack);
  if (!found.ok()) return report(found.status());
  std::string lines;
  for (const std::string& line : layers::compare_manifests(*locked, *found))
    append(&lines, printable(line), "\n");
  if (const int code = print(lines.empty() ? "the layers are what the lock says\n" : lines);
      code != kSuccess) {
    return code;
  }
  return lines.empty() ? kSuccess : kShadowed;
}

struct Subcommand {
  std::string_view name;
  std::size_t least;  // operands behind it
  std::size_t most;
  int (*function)(LayerCall&);
};

constexpr std::size_t kAnyNumber = static_cast<std::size_t>(-1);
constexpr Subcommand kSubcommands[] = {
    {"status", 1, 1, &status_of},
    {"prepare", 1, 1, &prepare},
    {"install", 1, kAnyNumber, &install},
    {"env", 1, 1, &environment_of},
    {"lock", 0, 0, &lock},
    {"verify", 0, 0, &verify},
};

}  // namespace

int layer_main(const Context& context, const Arguments& arguments, const std::string& launcher) {
  constexpr std::string_view kHint = "\n`hfoffline layer --help` shows how it is used";
  if (arguments.positionals.empty()) {
    error(cat("one of status, prepare, install, env, lock or verify comes first", kHint));
    return kWrongUse;
  }
  const std::string_view name = arguments.positionals[0];
  Suggestion suggestion(name);
  for (const Subcommand& subcommand : kSubcommands) {
    suggestion.offer(subcommand.name);
    if (subcommand.name != name) continue;
    LayerCall call{context, arguments, launcher, {}, {}};
    call.operands.assign(arguments.positionals.begin() + 1, arguments.positionals.end());
    if (call.operands.size() < subcommand.least) {
      error(cat("a directory is missing: hfoffline layer ", name, " DIR", kHint));
      return kWrongUse;
    }
    if (call.operands.size() > subcommand.most) {
      error(cat("unexpected argument \"", printable(call.operands[subcommand.most]), "\"", kHint));
      return kWrongUse;
    }
    if (!load_run_settings(context, arguments, call.settings)) return kWrongUse;
    return subcommand.function(call);
  }
  error(cat("there is no `hfoffline layer ", printable(std::string(name)), "`",
            suggestion.best().empty() ? "" : "; did you mean ", suggestion.best(),
            suggestion.best().empty() ? "" : "?", kHint));
  return kWrongUse;
}

}  // namespace hfoffline::cli
