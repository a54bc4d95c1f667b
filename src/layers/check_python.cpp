// `hfoffline shadow python`: reads the places of an interpreter's search path, and asks the
// interpreter which copy it takes.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "cli/run_settings.h"
#include "cli/string_tools.h"
#include "core/settings.h"
#include "layers/checker.h"
#include "layers/contests.h"
#include "layers/interpreter.h"
#include "layers/python_observation.h"
#include "layers/python_places.h"

namespace hfoffline::layers {
namespace {

namespace fs = std::filesystem;
using cli::cat;

// Those that are known before the interpreter says what it searches.
std::vector<std::string> known_layers(const ShadowRequest& request) {
  std::vector<std::string> layers;
  for (const Layer& layer : request.layers) layers.push_back(layer.path);
  const char* variable = find_in_environment(request.environment, "PYTHONPATH");
  if (variable == nullptr) return layers;
  for (const std::string_view entry : cli::split_skipping_empty(variable, ":"))
    layers.push_back(cli::absolute_path(entry));
  return layers;
}

class PythonCheck {
 public:
  PythonCheck(const ShadowRequest& request, ShadowReport& report)
      : request_(request), report_(report) {}

  absl::Status run();

 private:
  void judge_contests(const ImportRules& rules);
  void judge_copies(const ImportRules& rules);
  void judge_contest(const Contest& contest, const ImportRules& rules);
  void judge_positions();
  void judge_sample(const ImportRules& rules);
  void judge_start();
  void judge_distributions();
  void judge_home();
  void judge_extensions(const ImportRules& rules);
  void judge_start_code();
  void note_unreadable();
  void describe();

  Finding& add(FindingKind kind, const PythonPlace& place, std::string subject,
               const std::string& file);
  std::string copy(std::size_t place, const std::string& file) const;
  std::string fix_of(const PythonPlace& place) const;

  const ShadowRequest& request_;
  ShadowReport& report_;
  std::optional<Interpreter> interpreter_;
  std::optional<InterpreterFacts> facts_;
  PythonPlaces found_;
  std::vector<std::string> sample_;
  PythonObservation observed_;  // empty without an interpreter
  std::map<std::size_t, std::pair<std::size_t, std::size_t>> sample_seen_;  // of place: seen, asked
};

std::string PythonCheck::copy(std::size_t place, const std::string& file) const {
  const std::string& path = found_.places[place].path;
  return file.empty() ? path : cat(path, path.ends_with('/') ? "" : "/", file);
}

Finding& PythonCheck::add(FindingKind kind, const PythonPlace& place, std::string subject,
                          const std::string& file) {
  Finding& finding = report_.findings.emplace_back();
  finding.kind = kind;
  finding.subject = std::move(subject);
  finding.layer = place.layer;
  finding.path = file.empty() ? place.path : cat(place.path, "/", file);
  return finding;
}

std::string PythonCheck::fix_of(const PythonPlace& place) const {
  switch (place.origin) {
    case PlaceOrigin::kScript:
      return "rename or remove it, or start Python with -P (3.11 and newer) or -I";
    case PlaceOrigin::kPythonPath:
      return "take the directory out of PYTHONPATH; a .pth file in the last site directory adds it "
             "behind core";
    case PlaceOrigin::kUser:
      return "start Python with -s, or set PYTHONNOUSERSITE=1, or uninstall it there";
    case PlaceOrigin::kPth:
      return cat("remove ", place.why);
    case PlaceOrigin::kGiven:
      return "put the layer behind core";
    default:
      return "remove it there, or put the layer behind core";
  }
}

absl::Status PythonCheck::run() {
  if (!request_.only_read) {
    absl::StatusOr<Interpreter> interpreter = Interpreter::find(request_);
    if (!interpreter.ok()) return interpreter.status();
    interpreter_ = *std::move(interpreter);
    absl::StatusOr<InterpreterFacts> facts = interpreter_->facts(known_layers(request_));
    if (!facts.ok()) return facts.status();
    facts_ = *std::move(facts);
  } else if (layers_of_kind(request_.layers, "python").empty()) {
    return absl::InvalidArgumentError(
        "--only-read needs --layer or [[layer]] tables: only the interpreter knows its search "
        "path");
  }
  absl::StatusOr<PythonPlaces> found = find_python_places(request_, facts_ ? &*facts_ : nullptr);
  if (!found.ok()) return found.status();
  found_ = *std::move(found);
  const ImportRules rules(found_.places, facts_ ? &*facts_ : nullptr);
  sample_ = rules.sample(request_.sample);
  if (interpreter_) {
    absl::StatusOr<PythonObservation> observed =
        observe_python(request_, *facts_, found_, rules, sample_, *interpreter_);
    if (!observed.ok()) return observed.status();
    observed_ = *std::move(observed);
  }
  if (!found_.core_path.empty()) {
    Finding& finding = report_.findings.emplace_back();
    finding.kind = FindingKind::python_core_missing;
    finding.subject = found_.core;
    finding.core = found_.core_path;
    finding.why = facts_ ? cat(facts_->executable, " does not search it") : "it is not there";
    finding.fix = "add it to the interpreter's search path, or name the right layer with --core";
  }
  judge_home();
  judge_contests(rules);
  judge_copies(rules);
  judge_sample(rules);
  judge_positions();
  judge_start();
  judge_distributions();
  judge_extensions(rules);
  judge_start_code();
  note_unreadable();
  describe();
  report_.distributions = distributions_of(found_);
  return absl::OkStatus();
}

void PythonCheck::judge_contest(const Contest& contest, const ImportRules& rules) {
  const PythonPlace& layer = found_.places[contest.layer];
  const PythonPlace& sealed = found_.places[contest.sealed];
  std::size_t winner = rules.winner(contest.name);
  std::string winner_path;
  if (interpreter_) {
    winner_path = observed_.real(contest.name);
    winner = place_of_origin(found_.places, winner_path);
  } else if (winner != std::string::npos) {
    winner_path = copy(winner, rules.provided(winner, contest.name)->file);
  }
  const bool hooked = interpreter_ && (winner == std::string::npos ||
                                       (winner != contest.layer &&
                                        rules.provided(winner, contest.name) == nullptr &&
                                        !found_.places[winner].is_stdlib()));
  FindingKind kind = sealed.core ? FindingKind::python_name_twice : FindingKind::python_stdlib_name;
  if (winner == contest.layer) {
    kind = sealed.core ? FindingKind::python_module_shadowed : FindingKind::python_stdlib_shadowed;
  } else if (hooked) {
    kind = FindingKind::python_import_hook;
  }
  Finding& finding = add(kind, layer, contest.name, contest.file);
  finding.core = copy(contest.sealed, contest.sealed_file);
  finding.winner = winner_path;
  finding.observed = interpreter_.has_value();
  if (winner != contest.layer) {
    finding.why = hooked
                      ? "a finder in sys.meta_path answers before any directory is searched"
                      : cat(layer.layer, " is searched after it, or start-up imported it already");
    return;
  }
  if (contest.sealed_kind == ModuleKind::kNamespacePortion && contest.layer > contest.sealed) {
    finding.why = cat("core's ", contest.name,
                      " is a namespace package; a regular one wins wherever it stands");
    finding.fix = "remove the layer's copy, or its __init__.py";
    return;
  }
  finding.why = layer.why;
  finding.fix = fix_of(layer);
}

void PythonCheck::judge_contests(const ImportRules& rules) {
  for (const Contest& contest : rules.contests()) judge_contest(contest, rules);
}

// Copies that are no contest: in two layers, or twice in core.
void PythonCheck::judge_copies(const ImportRules& rules) {
  for (std::size_t later = 0; later < found_.places.size(); ++later) {
    const PythonPlace& place = found_.places[later];
    if (place.is_stdlib()) continue;
    std::string_view last;
    for (const ImportName& import : place.content.names) {
      if (import.kind == ModuleKind::kNamespacePortion || import.name == last) continue;
      last = import.name;
      for (std::size_t first = 0; first < later; ++first) {
        const PythonPlace& other = found_.places[first];
        if (other.is_stdlib() || other.is_sealed() != place.is_sealed()) continue;
        const ImportName* copy_there = rules.provided(first, import.name);
        if (copy_there == nullptr || copy_there->kind == ModuleKind::kNamespacePortion) continue;
        Finding& finding = add(FindingKind::python_two_copies, place, import.name, import.file);
        finding.winner = copy(first, copy_there->file);
        finding.why = cat(other.path, " is searched before ", place.path);
        break;
      }
    }
  }
}

// Names that nothing contests must come from core all the same.
void PythonCheck::judge_sample(const ImportRules& rules) {
  if (!interpreter_) return;
  for (const std::string& name : sample_) {
    const std::string& origin = observed_.real(name);
    const std::size_t winner = place_of_origin(found_.places, origin);
    if (winner != std::string::npos && rules.provided(winner, name) != nullptr) continue;
    if (winner != std::string::npos && found_.places[winner].is_sealed()) continue;
    const std::size_t expected = rules.winner(name);
    if (expected == std::string::npos || !found_.places[expected].is_sealed()) continue;
    Finding& finding = report_.findings.emplace_back();
    finding.kind = FindingKind::python_import_hook;
    finding.subject = name;
    finding.path = origin;
    finding.core = copy(expected, rules.provided(expected, name)->file);
    finding.winner = origin.empty() ? "nothing: it is not found" : origin;
    finding.observed = true;
    finding.why = "no directory of the search path has that copy: a finder in sys.meta_path does";
    finding.fix =
        "find out which .pth file, sitecustomize or usercustomize puts it there (--notes)";
  }
}

// Whether a sentinel in a layer's place wins over core, whatever the layer holds now.
void PythonCheck::judge_positions() {
  const std::set<std::string, std::less<>> sampled(sample_.begin(), sample_.end());
  for (std::size_t i = 0; i < observed_.questions.sentinels.size(); ++i) {
    const SentinelQuestion& question = observed_.questions.sentinels[i];
    const std::size_t place = observed_.mirror_places[question.mirror];
    if (place == std::string::npos || sampled.find(question.name) == sampled.end()) continue;
    auto& [seen, asked] = sample_seen_[place];
    ++asked;
    if (observed_.answers.sentinels[i].starts_with(
            cat(observed_.questions.mirrors[question.mirror].directory, "/")))
      ++seen;
  }
  if (!interpreter_) {
    // By the rules, whatever stands before core wins.
    std::size_t core = 0;
    while (core < found_.places.size() && !found_.places[core].core) ++core;
    for (std::size_t i = 0; i < core && core < found_.places.size(); ++i) {
      if (!found_.places[i].is_sealed()) sample_seen_[i] = {sample_.size(), sample_.size()};
    }
  }
  for (const auto& [index, counts] : sample_seen_) {
    const PythonPlace& place = found_.places[index];
    const auto [seen, asked] = counts;
    if (seen == 0) continue;
    if (place.order && found_.core_order && *place.order < *found_.core_order) continue;
    const bool script = place.origin == PlaceOrigin::kScript;
    Finding& finding =
        add(script ? FindingKind::python_script_first : FindingKind::python_layer_first, place,
            script ? place.path : cat("layer ", place.layer), "");
    finding.observed = interpreter_.has_value();
    finding.why = interpreter_ ? cat(place.why, "; of ", asked, " sentinels there, ", seen,
                                     " were found instead of core's copy")
                               : cat(place.why, ", before core");
    finding.fix = script ? "start Python with -P (3.11 and newer) or -I" : fix_of(place);
    if (!script) {
      finding.fix +=
          "; a layer that is meant to come first says so with a lower order in [[layer]]";
    }
  }
}

// What the interpreter imported before any program ran.
void PythonCheck::judge_start() {
  if (!facts_ || request_.layers_are_given) return;
  for (const StartModule& module : facts_->start_modules) {
    const std::size_t index = place_of_origin(found_.places, module.origin);
    if (index == std::string::npos || found_.places[index].is_sealed()) continue;
    const PythonPlace& place = found_.places[index];
    for (std::size_t i = 0; i < found_.places.size(); ++i) {
      if (!found_.places[i].is_sealed()) continue;
      const std::vector<const ImportName*> copies =
          find_names(found_.places[i].content, module.name);
      if (copies.empty()) continue;
      Finding& finding = add(FindingKind::python_startup_shadowed, place, module.name, "");
      finding.path = module.origin;
      finding.core = copy(i, copies.front()->file);
      finding.winner = module.origin;
      finding.observed = true;
      finding.why = place.why;
      finding.fix = fix_of(place);
      break;
    }
  }
}

// importlib.metadata takes the first of a name in the order of sys.path, unless a finder of its own
// answers.
void PythonCheck::judge_distributions() {
  for (const DistributionClash& clash : distribution_clashes(found_.places)) {
    const PythonPlace& place = found_.places[clash.layer];
    const Distribution& mine = *clash.mine;
    const auto answer = observed_.answers.distributions.find(mine.canonical);
    const bool observed = answer != observed_.answers.distributions.end();
    std::size_t winner = std::min(clash.layer, clash.core);
    bool mine_wins = winner == clash.layer;
    if (observed) {
      winner = place_of_origin(found_.places, answer->second.directory);
      mine_wins = winner == clash.layer && answer->second.version == mine.version;
    }
    Finding& finding = add(
        mine_wins ? FindingKind::python_distribution_shadowed : FindingKind::python_version_clash,
        place, cat(mine.name, " ", mine.version), mine.metadata);
    finding.subject += cat(" (core: ", clash.sealed->version, ")");
    finding.core = copy(clash.core, clash.sealed->metadata);
    finding.observed = observed;
    if (mine_wins) {
      finding.winner = finding.path;
    } else if (winner == clash.core) {
      finding.winner = finding.core;
    } else {
      finding.winner = observed ? answer->second.directory : found_.places[winner].path;
    }
    finding.why = winner == std::string::npos
                      ? "a finder in sys.meta_path answers before any directory is searched"
                      : cat(place.why, mine_wins ? ", which is searched before core" : "");
    finding.fix = cat("install ", clash.sealed->version, " there, or remove it there");
  }
}

// The interpreter's own prefix follows from where its program is, in a virtual environment too.
void PythonCheck::judge_home() {
  const char* home = find_in_environment(request_.environment, "PYTHONHOME");
  if (home == nullptr || *home == '\0' || !facts_ || facts_->ignores_environment) return;
  std::error_code error;
  const fs::path program = fs::canonical(facts_->executable, error);
  const fs::path own = program.parent_path().parent_path();
  const fs::path used = fs::weakly_canonical(facts_->base_prefix, error);
  if (error || used == own) return;
  const bool core_is_named =
      !request_.core.empty() || !layers_of_kind(request_.layers, "python").empty();
  for (const PythonPlace& place : found_.places) {
    const std::string path = fs::weakly_canonical(place.path, error).string();
    if (core_is_named && place.core && path.starts_with(used.string() + "/")) return;
  }
  Finding& finding = report_.findings.emplace_back();
  finding.kind = FindingKind::python_home_elsewhere;
  finding.subject = "standard library";
  finding.layer = "PYTHONHOME";
  finding.path = facts_->base_prefix;
  finding.core = own.string();
  finding.winner = facts_->base_prefix;
  finding.observed = true;
  finding.why = cat("PYTHONHOME=", std::string_view(home));
  finding.fix = "unset PYTHONHOME, or start Python with -E or -I";
}

void PythonCheck::judge_extensions(const ImportRules& rules) {
  if (!facts_) return;
  for (const PythonPlace& place : found_.places) {
    std::set<std::string> fitting;
    const auto stem_of = [](const ExtensionFile& extension) {
      return extension.file.substr(0, extension.file.size() - extension.abi_tag.size() - 4);
    };
    for (const ExtensionFile& extension : place.content.extensions) {
      if (rules.fits(extension.abi_tag)) fitting.insert(stem_of(extension));
    }
    for (const ExtensionFile& extension : place.content.extensions) {
      if (rules.fits(extension.abi_tag) || fitting.count(stem_of(extension)) != 0) continue;
      Finding& finding =
          add(FindingKind::python_abi_mismatch, place, extension.file, extension.file);
      finding.why = cat("its ABI tag is ", extension.abi_tag, "; this interpreter looks for ",
                        facts_->suffixes.empty() ? "" : facts_->suffixes.front());
      finding.fix = cat("install it for ", facts_->implementation, " ", facts_->version);
    }
  }
}

void PythonCheck::judge_start_code() {
  for (std::size_t i = 0; i < found_.places.size(); ++i) {
    const PythonPlace& place = found_.places[i];
    if (place.is_sealed()) continue;
    // Only site directories' .pth files are read.
    const bool is_site = place.origin == PlaceOrigin::kUser || place.origin == PlaceOrigin::kSite;
    for (const PthLine& line : place.content.pth_lines) {
      if (!line.is_import || !is_site) continue;
      Finding& finding = add(FindingKind::python_start_code, place, line.file, line.file);
      finding.why = cat("line ", line.line, ": ", line.text.substr(0, 100));
    }
    if (!place.searched_at_start || request_.layers_are_given) continue;
    for (const std::string_view name : {"sitecustomize", "usercustomize"}) {
      const std::vector<const ImportName*> copies = find_names(place.content, name);
      if (copies.empty()) continue;
      Finding& finding =
          add(FindingKind::python_start_code, place, std::string(name), copies.front()->file);
      finding.why = "site imports it at each start";
    }
  }
}

void PythonCheck::note_unreadable() {
  for (const PythonPlace& place : found_.places) {
    for (const UnreadableEntry& entry : place.content.unreadable) {
      Finding& finding = add(FindingKind::python_unreadable, place,
                             entry.file.empty() ? place.path : entry.file, entry.file);
      finding.why = entry.error != 0 ? std::strerror(entry.error) : entry.why;
    }
  }
}

void PythonCheck::describe() {
  SearchOrder& order = report_.orders.emplace_back();
  order.checker = "python";
  order.title =
      facts_ ? cat(facts_->executable, " (", facts_->implementation, " ", facts_->version, ")")
             : "the given layers, read only";
  std::size_t files = 0;
  for (const PythonPlace& place : found_.places) {
    order.places.push_back({place.layer, place.path, place.why, place.core});
    files += place.content.files;
  }
  order.facts.push_back(cat(files, " files seen"));
  if (!interpreter_) return;
  order.facts.push_back(
      cat(observed_.questions.real.size(), " names and ", observed_.questions.sentinels.size(),
          " sentinels asked of the interpreter, with ", interpreter_->starts(), " starts"));
}

}  // namespace

absl::Status check_python(const ShadowRequest& request, ShadowReport& report) {
  return PythonCheck(request, report).run();
}

}  // namespace hfoffline::layers
