#include "layers/python_observation.h"

#include <csignal>
#include <set>
#include <utility>

#include "cli/string_tools.h"
#include "layers/delayed_signals.h"
#include "layers/mirrors.h"

namespace hfoffline::layers {
namespace {

using cli::cat;

// A name that nothing else has, for the control that each mirror is looked into.
constexpr std::string_view kControlName = "hfoffline_sentinel_control";

class Observer {
 public:
  Observer(const ShadowRequest& request, const InterpreterFacts& facts, const PythonPlaces& found,
           const ImportRules& rules, const std::vector<std::string>& sample,
           Interpreter& interpreter)
      : request_(request),
        facts_(facts),
        found_(found),
        rules_(rules),
        sample_(sample),
        interpreter_(interpreter) {}

  absl::Status run();
  PythonObservation take() { return std::move(result_); }

 private:
  absl::Status plant(MirrorDirectory& scratch);
  absl::Status check_controls() const;

  const ShadowRequest& request_;
  const InterpreterFacts& facts_;
  const PythonPlaces& found_;
  const ImportRules& rules_;
  const std::vector<std::string>& sample_;
  Interpreter& interpreter_;
  PythonObservation result_;
};

// Sentinels for every contested name and for the sample, one mirror for each layer.
absl::Status Observer::plant(MirrorDirectory& scratch) {
  const auto plant_all = [&](std::size_t place, std::size_t index) -> absl::Status {
    const absl::StatusOr<std::string> mirror = scratch.add_mirror();
    if (!mirror.ok()) return mirror.status();
    const std::size_t number = result_.questions.mirrors.size();
    result_.questions.mirrors.push_back({index, *mirror});
    result_.mirror_places.push_back(place);
    const bool control = place == std::string::npos;
    const bool loaded = !control && !found_.places[place].searched_at_start;
    std::set<std::string, std::less<>> planted;
    const auto plant_one = [&](const std::string& name, bool package) {
      if (!planted.insert(name).second) return absl::OkStatus();
      result_.questions.sentinels.push_back({number, loaded, name});
      return scratch.plant(*mirror, name, package);
    };
    if (absl::Status status = plant_one(std::string(kControlName), false); !status.ok())
      return status;
    for (const Contest& contest : rules_.contests()) {
      if (contest.layer != place) continue;
      absl::Status status = plant_one(contest.name, contest.kind == ModuleKind::kPackage);
      if (!status.ok()) return status;
    }
    for (const std::string& name : sample_) {
      if (absl::Status status = plant_one(name, false); !status.ok()) return status;
    }
    return absl::OkStatus();
  };
  // In front of everything, where a sentinel must win.
  if (absl::Status status = plant_all(std::string::npos, 0); !status.ok()) return status;
  for (std::size_t i = 0; i < found_.places.size(); ++i) {
    if (found_.places[i].is_sealed()) continue;
    if (absl::Status status = plant_all(i, found_.places[i].index); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Observer::run() {
  std::vector<std::string>& path = result_.questions.path;
  if (request_.layers_are_given) {
    for (const PythonPlace& place : found_.places) path.push_back(place.path);
  } else {
    path = facts_.path;
    const PythonPlace& first = found_.places.front();
    if (!path.empty() && path[0].empty() && first.origin == PlaceOrigin::kScript)
      path[0] = first.path;
  }
  std::vector<std::string> canonical;
  std::vector<std::string> protect;
  for (const PythonPlace& place : found_.places) {
    canonical.push_back(place.canonical);
    // The directory of a script can be any: a run has to write its own state somewhere.
    if (place.origin != PlaceOrigin::kScript) protect.push_back(place.canonical);
  }
  const DelayedSignals delayed;  // else an interrupt would leave the sentinels behind
  MirrorDirectory scratch;
  if (absl::Status status = scratch.make(request_.environment, canonical); !status.ok())
    return status;
  if (absl::Status status = plant(scratch); !status.ok()) return status;
  std::set<std::string> names(sample_.begin(), sample_.end());
  for (const Contest& contest : rules_.contests()) names.insert(contest.name);
  // What this interpreter imported at its start came from its own path, not from the given layers.
  result_.questions.loaded = !request_.layers_are_given;
  result_.questions.real.assign(names.begin(), names.end());
  for (const PythonPlace& place : found_.places) {
    if (place.is_stdlib()) result_.questions.library.push_back(place.path);
  }
  std::set<std::string> distributions;
  for (const DistributionClash& clash : distribution_clashes(found_.places))
    distributions.insert(clash.mine->canonical);
  result_.questions.distributions.assign(distributions.begin(), distributions.end());
  absl::StatusOr<Answers> answers = interpreter_.ask(result_.questions, protect);
  if (!answers.ok()) return answers.status();
  result_.answers = *std::move(answers);
  return check_controls();
}

// A sentinel that must be seen and is not: whatever else was not seen proves nothing.
absl::Status Observer::check_controls() const {
  bool core_name_seen = sample_.empty();
  for (std::size_t i = 0; i < result_.questions.sentinels.size(); ++i) {
    const SentinelQuestion& question = result_.questions.sentinels[i];
    const Mirror& mirror = result_.questions.mirrors[question.mirror];
    const bool seen = result_.answers.sentinels[i].starts_with(cat(mirror.directory, "/"));
    if (question.name == kControlName && !seen) {
      const std::size_t place = result_.mirror_places[question.mirror];
      return absl::InternalError(cat(
          "the positive control was not seen: a sentinel ",
          place == std::string::npos ? "in front of the search path"
                                     : cat("in the place of layer ", found_.places[place].layer),
          " was not found by the interpreter, which found \"", result_.answers.sentinels[i],
          "\"\n  an import hook that answers for every name does that; nothing is proven"));
    }
    core_name_seen =
        core_name_seen || (result_.mirror_places[question.mirror] == std::string::npos && seen &&
                           question.name != kControlName);
  }
  if (core_name_seen) return absl::OkStatus();
  return absl::InternalError(
      "the positive control was not seen: no sentinel in front of the search path won over core"
      "\n  an import hook that answers for core's names does that; nothing is proven");
}

}  // namespace

const std::string& PythonObservation::real(const std::string& name) const {
  static const std::string kNone;
  const auto found = answers.real.find(name);
  return found == answers.real.end() ? kNone : found->second;
}

absl::StatusOr<PythonObservation> observe_python(
    const ShadowRequest& request, const InterpreterFacts& facts, const PythonPlaces& found,
    const ImportRules& rules, const std::vector<std::string>& sample, Interpreter& interpreter) {
  Observer observer(request, facts, found, rules, sample, interpreter);
  if (absl::Status status = observer.run(); !status.ok()) return status;
  return observer.take();
}

}  // namespace hfoffline::layers
