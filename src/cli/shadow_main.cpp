#include "cli/shadow_main.h"

#include <algorithm>
#include <string>
#include <vector>

#include "cli/exit_codes.h"
#include "cli/message.h"
#include "cli/run_settings.h"
#include "cli/standard_output.h"
#include "cli/string_tools.h"
#include "core/suggest.h"
#include "core/text.h"
#include "layers/checker.h"
#include "layers/findings_json.h"
#include "layers/findings_text.h"

namespace hfoffline::cli {
namespace {

constexpr unsigned kDefaultSample = 50;
constexpr unsigned kMaximumSample = 100000;

// The checkers that are asked for, in the order of the table; an empty list says that one is
// unknown.
std::vector<const layers::Checker*> wanted_checkers(const Arguments& arguments) {
  std::vector<const layers::Checker*> wanted;
  bool all = arguments.positionals.empty();
  for (const std::string_view name : arguments.positionals) {
    all = all || name == "all";
    Suggestion suggestion(name);
    suggestion.offer("all");
    bool known = name == "all";
    for (const layers::Checker& checker : layers::checkers()) {
      known = known || checker.name == name;
      suggestion.offer(checker.name);
    }
    if (known) continue;
    error(cat("there is no check \"", printable(name), "\"",
              suggestion.best().empty() ? "" : "; did you mean \"", suggestion.best(),
              suggestion.best().empty() ? "" : "\"?",
              "\n`hfoffline shadow --help` lists the checks"));
    return {};
  }
  for (const layers::Checker& checker : layers::checkers()) {
    const auto& names = arguments.positionals;
    if (all || std::find(names.begin(), names.end(), checker.name) != names.end())
      wanted.push_back(&checker);
  }
  return wanted;
}

// "NAME=PATH"; false, said on stderr, if it is none.
bool add_layer(std::string_view text, std::string_view kind, layers::ShadowRequest& request) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == text.npos || equals + 1 == text.size()) {
    error(cat("--layer is NAME=PATH, not \"", printable(text), "\""));
    return false;
  }
  layers::Layer layer;
  layer.name = text.substr(0, equals);
  layer.path = absolute_path(text.substr(equals + 1));
  layer.kind = kind;
  layer.order = static_cast<std::uint32_t>(request.layers.size() + 1);
  for (const layers::Layer& other : request.layers) {
    if (other.name != layer.name) continue;
    error(cat("two layers are called \"", printable(layer.name), "\": give each its own name"));
    return false;
  }
  request.layers.push_back(std::move(layer));
  return true;
}

// A message may have several lines; what is in them may be anything.
std::string printable_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, "\n")) lines.push_back(printable(line));
  return join(lines, "\n");
}

bool read_layers(const Arguments& arguments, const Config& config, std::string_view kind,
                 layers::ShadowRequest& request) {
  for (const GivenFlag& flag : arguments.flags) {
    if (flag.name != "layer") continue;
    request.layers_are_given = true;
    if (!add_layer(flag.value, kind, request)) return false;
  }
  if (request.layers_are_given) return true;
  for (const LayerTable* table = config.layers; table != nullptr; table = table->next) {
    request.layers.push_back({std::string(table->text(LayerKey::name)),
                              std::string(table->text(LayerKey::path)),
                              std::string(table->text(LayerKey::kind)), table->order});
  }
  return true;
}

}  // namespace

int shadow_main(const Context& context, const Arguments& arguments, const std::string& launcher) {
  const std::vector<const layers::Checker*> wanted = wanted_checkers(arguments);
  if (wanted.empty()) return kWrongUse;
  RunSettings settings;
  if (!load_run_settings(context, arguments, settings)) return kWrongUse;

  layers::ShadowRequest request;
  request.environment = context.environment;
  request.config = &settings.config;
  request.launcher = launcher;
  request.core = arguments.value("core");
  request.python = arguments.value("python");
  request.python_flags = arguments.value("python-flags");
  request.script = arguments.value("script");
  request.program = arguments.value("program");
  request.extension = arguments.value("extension");
  request.only_read = arguments.has("only-read");
  request.sample = kDefaultSample;
  if (arguments.given("sample")) {
    std::uint64_t count = 0;
    if (!parse_decimal(arguments.value("sample"), kMaximumSample, &count)) {
      error(cat("--sample is a number from 0 to ", kMaximumSample, ", not \"",
                printable(arguments.value("sample")), "\""));
      return kWrongUse;
    }
    request.sample = static_cast<unsigned>(count);
  }
  // --layer is about the one check that is asked for, else about Python.
  const std::string_view kind = wanted.size() == 1 ? wanted.front()->name : "python";
  if (!read_layers(arguments, settings.config, kind, request)) return kWrongUse;

  layers::ShadowReport report;
  for (const layers::Checker* checker : wanted) {
    const absl::Status status = checker->function(request, report);
    if (status.ok()) continue;
    error(printable_lines(std::string(status.message())));
    return absl::IsInvalidArgument(status) ? kWrongUse : kOurFailure;
  }
  const std::string text = arguments.has("json")
                               ? layers::findings_json(report)
                               : layers::findings_text(report, arguments.has("notes"));
  if (const int code = print(text); code != kSuccess) return code;
  return layers::shadows_core(report) ? kShadowed : kSuccess;
}

}  // namespace hfoffline::cli
