// `hfoffline shadow env`: variables that are set now and would lead clients elsewhere, by the same
// preset data that a run uses.
#include <string>
#include <vector>

#include "cli/run_settings.h"
#include "cli/string_tools.h"
#include "core/run_plan.h"
#include "core/settings.h"
#include "layers/checker.h"
#include "layers/client_versions.h"
#include "layers/python_places.h"
#include "presets/presets.h"

namespace hfoffline::layers {
namespace {

using cli::cat;

// A client that reads a variable.
struct Reader {
  std::string title;
  std::string version;  // as installed; "" : not known
  std::string why;
  bool reads = true;  // the installed version does
  bool proxy = false;
};

std::vector<Reader> readers_of(std::string_view variable, const std::vector<Distribution>& known) {
  std::vector<Reader> readers;
  const Presets& presets = known_presets();
  for (std::size_t i = 0; i < presets.count; ++i) {
    PresetRows rows(presets.presets[i].rows);
    PresetVariable row;
    while (rows.next(&row)) {
      if (row.name != variable) continue;
      Reader reader;
      reader.title = presets.presets[i].title;
      const std::string distribution = distribution_of_title(reader.title);
      if (!distribution.empty()) reader.version = installed_version(known, distribution);
      reader.reads = reads_variable(reader.version, row);
      reader.why = row.why;
      reader.proxy = row.proxy;
      readers.push_back(std::move(reader));
    }
  }
  return readers;
}

std::string describe(const std::vector<Reader>& readers, bool reading) {
  std::vector<std::string> texts;
  for (const Reader& reader : readers) {
    if (reader.reads != reading) continue;
    texts.push_back(cat(reader.title, reader.version.empty() ? "" : " ", reader.version));
  }
  return cli::join(texts, ", ");
}

// A proxy's address may carry a password.
std::string without_password(std::string_view value) {
  const std::size_t at = value.rfind('@');
  const std::size_t slashes = value.find("://");
  if (at == value.npos) return std::string(value);
  return cat(slashes == value.npos ? "" : value.substr(0, slashes + 3), "***", value.substr(at));
}

void judge(const PlannedVariable& variable, const char* present,
           const std::vector<Distribution>& known, ShadowReport& report) {
  if (present == nullptr || variable.name.starts_with("HFOFFLINE_")) return;
  if (variable.set && variable.value == present) return;
  const std::vector<Reader> readers = readers_of(variable.name, known);
  const std::string reading = describe(readers, true);
  Finding& finding = report.findings.emplace_back();
  finding.kind = FindingKind::env_variable_wins;
  if (variable.scratch) finding.kind = FindingKind::env_scratch_elsewhere;
  if (!readers.empty() && reading.empty()) finding.kind = FindingKind::env_not_read;
  if (!readers.empty() && readers.front().proxy) finding.kind = FindingKind::env_proxy;
  const bool proxy = finding.kind == FindingKind::env_proxy;
  finding.subject = variable.name;
  finding.layer = "environment";
  const std::string value = proxy ? without_password(present) : std::string(present);
  finding.path = cat(variable.name, "=", value);
  finding.core = variable.set ? std::string(variable.text) : cat("not set at all");
  if (finding.kind != FindingKind::env_not_read) finding.winner = finding.path;
  finding.why = variable.why;
  if (finding.kind == FindingKind::env_not_read) {
    cli::append(&finding.why, "; not read by ", describe(readers, false));
  } else if (!reading.empty()) {
    cli::append(&finding.why, "; read by ", reading);
  }
  finding.fix = cat("start the program with `hfoffline run`, which ",
                    variable.set ? "sets" : "removes", " it, or unset ", variable.name);
}

// The distributions on the interpreter's path; none where there is no interpreter.
std::vector<Distribution> installed_distributions(const ShadowRequest& request,
                                                  const ShadowReport& report) {
  if (request.only_read || !report.distributions.empty()) return report.distributions;
  absl::StatusOr<Interpreter> interpreter = Interpreter::find(request);
  if (!interpreter.ok()) return {};
  const absl::StatusOr<InterpreterFacts> facts = interpreter->facts({});
  if (!facts.ok()) return {};
  const absl::StatusOr<PythonPlaces> places = find_python_places(request, &*facts);
  return places.ok() ? distributions_of(*places) : std::vector<Distribution>();
}

}  // namespace

absl::Status check_environment(const ShadowRequest& request, ShadowReport& report) {
  cli::ArenaMemory memory;
  RunPlan plan;
  Diagnostic problem;
  // A run makes its own directory; only which variables lead there matters.
  if (!plan_run(*request.config, known_presets(), "/scratch", HFOFFLINE_VERSION, memory.arena(),
                plan, problem)) {
    char text[2048];
    Appender out(text);
    append_diagnostic(problem, out);
    return absl::InvalidArgumentError(cat(cli::strip_blanks(out.view())));
  }
  const std::vector<Distribution> known = installed_distributions(request, report);
  const std::size_t before = report.findings.size();
  for (std::size_t i = 0; i < plan.environment.count; ++i) {
    const PlannedVariable& variable = plan.environment.variables[i];
    judge(variable, find_in_environment(request.environment, variable.name), known, report);
  }
  SearchOrder& order = report.orders.emplace_back();
  order.checker = "env";
  order.title = cat(plan.environment.count, " variables that a run manages; ",
                    report.findings.size() - before, " of them are different now");
  if (plan.models_dir.empty())
    order.facts.push_back("no models dir is given: variables that would lead to it are not judged");
  return absl::OkStatus();
}

}  // namespace hfoffline::layers
