// `hfoffline shadow cache`: which cache each installed client opens in a run, and whether another
// would win.
//
// Nothing of the machine's own caches is opened by a client. A scratch models dir stands for the
// sealed one and a scratch home for the user's; both hold the same revision of the same repository,
// so that the answer tells them apart.
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>

#include "cli/nested_run.h"
#include "cli/run_settings.h"
#include "cli/string_tools.h"
#include "core/settings.h"
#include "layers/cache_clients.h"
#include "layers/cache_question.h"
#include "layers/cache_sentinels.h"
#include "layers/checker.h"
#include "layers/client_versions.h"
#include "layers/delayed_signals.h"
#include "layers/scratch_file.h"
#include "presets/presets.h"

namespace hfoffline::layers {
namespace {

namespace fs = std::filesystem;
using cli::cat;
using AskedBy = CacheClient::AskedBy;
using Holds = CacheClient::Holds;

constexpr std::string_view kChecker = "cache";
// Only for the order of variables: a run makes its own.
constexpr std::string_view kScratch = "/scratch";

std::string variable(const ShadowRequest& request, std::string_view name) {
  const char* value = find_in_environment(request.environment, name);
  return value == nullptr ? "" : value;
}

bool is_below(std::string_view path, std::string_view directory) {
  return path == directory ||
         (path.starts_with(directory) && path.substr(directory.size()).starts_with('/'));
}

std::size_t count_repositories(const std::string& cache) {
  std::size_t count = 0;
  std::error_code error;
  for (fs::directory_iterator entry(cache, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with("models--") || name.starts_with("datasets--") ||
        name.starts_with("spaces--")) {
      ++count;
    }
  }
  return count;
}

bool is_empty(const std::string& directory) {
  std::error_code error;
  const fs::directory_iterator first(directory, error);
  return error || first == fs::directory_iterator();
}

class CacheCheck {
 public:
  CacheCheck(const ShadowRequest& request, ShadowReport& report)
      : request_(request), report_(report) {}

  absl::Status run() {
    Diagnostic problem;
    if (!plan_run(*request_.config, known_presets(), kScratch, HFOFFLINE_VERSION, memory_.arena(),
                  plan_, problem)) {
      char text[2048];
      Appender out(text);
      append_diagnostic(problem, out);
      return absl::InvalidArgumentError(cat(cli::strip_blanks(out.view())));
    }
    find_other_caches();
    order_.checker = kChecker;
    order_.title = "clients of the cache";
    const bool nested = cli::is_nested(cli::Context{request_.environment});
    if (nested) order_.facts.emplace_back("inside a run, whose settings stay: no client was asked");
    if (request_.only_read) order_.facts.emplace_back("only read: no client was asked");
    if (!request_.only_read && !nested) {
      if (absl::Status status = ask_clients(); !status.ok()) return status;
    }
    if (!plan_.models_dir.empty()) {
      order_.places.push_back(
          {"models dir", std::string(plan_.models_dir), "what a run points clients to", true});
    }
    for (const auto& [path, why] : others_) order_.places.push_back({"cache", path, why, false});
    report_.orders.push_back(std::move(order_));
    return absl::OkStatus();
  }

 private:
  absl::Status ask_clients() {
    const DelayedSignals delayed;
    absl::StatusOr<ScratchDirectory> scratch = ScratchDirectory::make();
    if (!scratch.ok()) return scratch.status();
    sentinels_.emplace(request_, plan_, fs::canonical(scratch->path()).string());
    if (absl::Status status = sentinels_->plant(); !status.ok()) return status;
    const absl::StatusOr<FoundCacheClients> found = find_cache_clients(request_);
    if (!found.ok()) return found.status();
    const std::vector<InstalledCacheClient>& installed = found->installed;
    order_.facts.insert(order_.facts.end(), found->facts.begin(), found->facts.end());
    for (const InstalledCacheClient& client : installed) {
      // Ends this process as soon as `delayed` and the scratch directory are gone.
      if (DelayedSignals::is_pending()) return absl::CancelledError("interrupted");
      if (client.client->asked_by == AskedBy::order) {
        judge_by_order(client);
      } else if (absl::Status status = judge(client); !status.ok()) {
        return status;
      }
    }
    if (plan_.models_dir.empty() && !installed.empty())
      order_.facts.emplace_back("no models dir is given: the clients were asked with a stand-in");
    order_.facts.push_back(installed.empty()
                               ? std::string("no client that could be asked is installed")
                               : cat(installed.size(),
                                     installed.size() == 1 ? " client is" : " clients are",
                                     " installed: ", answered_, " answered, ",
                                     installed.size() - answered_, " could not be asked"));
    return absl::OkStatus();
  }

  // Caches of this machine that a client would take if nobody told it otherwise.
  void find_other_caches() {
    const std::string home = variable(request_, "HOME");
    std::map<std::string, std::string> places;
    if (!home.empty()) {
      places[home + "/.cache/huggingface/transformers"] =
          "the default location of transformers before 4.22";
    }
    for (const CacheClient& client : cache_clients()) {
      // What clients make themselves is no second copy of a model.
      if (client.holds != Holds::models) continue;
      std::string_view location = client.default_location;
      std::string base = home;
      if (location.starts_with("$TMPDIR")) {
        base = variable(request_, "TMPDIR");
        if (base.empty()) base = "/tmp";
      }
      location.remove_prefix(std::min(location.find('/'), location.size()));
      if (base.empty()) continue;
      std::string& why = places[cat(base, location)];
      why = why.empty() ? cat("the default location of ", client.name)
                        : "the default location of most clients";
    }
    for (const Layer& layer : layers_of_kind(request_.layers, kChecker)) {
      if (layer.name != request_.core && layer.path != request_.core)
        places[layer.path] = "layer " + layer.name;
    }
    for (const auto& [path, why] : places) {
      std::error_code error;
      const fs::path real = fs::canonical(path, error);
      if (error || (!plan_.models_dir.empty() && is_below(real.string(), plan_.models_dir)))
        continue;
      const std::size_t count = count_repositories(path) + count_repositories(path + "/hub");
      // A hub cache without repositories holds nothing; of the others it is only known that there
      // is something.
      const bool is_hub = path.find("/huggingface/") != path.npos || why.starts_with("layer ");
      if (count == 0 && (is_hub || is_empty(path))) continue;
      others_[path] = why;
      Finding found;
      found.kind = FindingKind::cache_second;
      found.subject = count == 0   ? "files"
                      : count == 1 ? "1 repository"
                                   : cat(count, " repositories");
      found.layer = why;
      found.path = path;
      found.core = plan_.models_dir;
      found.why = why + ": outside of `hfoffline run` clients look there";
      found.fix = "start clients with `hfoffline run`, or remove the cache";
      report_.findings.push_back(std::move(found));
    }
  }

  Finding finding_about(const InstalledCacheClient& client, bool observed) const {
    Finding found;
    found.subject = client.title();
    found.core = plan_.models_dir.empty() ? "the models dir" : std::string(plan_.models_dir);
    found.observed = observed;
    return found;
  }

  void add_unanswered(const InstalledCacheClient& client, const std::string& reason,
                      std::string_view where) {
    Finding found = finding_about(client, true);
    found.kind = FindingKind::cache_unanswered;
    found.why = cat(where, ": ", reason);
    found.fix = "start the client with `hfoffline run` to see what it says";
    report_.findings.push_back(std::move(found));
  }

  // Found by the client itself.
  absl::Status judge(const InstalledCacheClient& client) {
    const CacheQuestion question(request_, *sentinels_);
    const std::string title = client.title();
    const std::string location(client.client->default_location);
    const CacheAnswer control = question.ask_bare(client);
    if (control.path.empty()) {
      add_unanswered(client, control.reason, "outside of a run");
      return absl::OkStatus();
    }
    if (!is_below(control.path, sentinels_->expand(location))) {
      return absl::InternalError(cat(title, " does not look into its default location ", location,
                                     " when nothing else is said (", control.path,
                                     "): what it says in a run would prove nothing"));
    }
    const CacheAnswer answer = question.ask_in_run(client, plan_.layout == Layout::kHubCache);
    if (answer.path.empty()) {
      add_unanswered(client, answer.reason, "in a run");
      return absl::OkStatus();
    }
    ++answered_;
    if (answer.place == kSealedPlace) {
      order_.facts.push_back(cat(title, " opens the models dir in a run, and would open ", location,
                                 " outside of it"));
      return absl::OkStatus();
    }
    if (answer.place == kWorkPlace) {
      order_.facts.push_back(
          cat(title, " writes to scratch in a run, and would use ", location, " outside of it"));
      return absl::OkStatus();
    }
    const std::string real = sentinels_->real_path(answer.place);
    const std::string path = !real.empty() ? real : sentinels_->abbreviate(answer.path);
    if (client.client->holds == Holds::uploads) {
      order_.facts.push_back(
          cat(title, " keeps uploads in ", path, ", in a run too: no model is read from there"));
      return absl::OkStatus();
    }
    Finding found = finding_about(client, true);
    found.path = path;
    found.winner = path;
    add_winner(client, answer.place, std::move(found));
    return absl::OkStatus();
  }

  // A client that opens neither the models dir nor scratch.
  void add_winner(const InstalledCacheClient& client, const std::string& place, Finding found) {
    const std::string preset(client.client->preset);
    const std::string staged = CacheSentinels::staging_directory(preset);
    const bool is_default = place == kDefaultPlace;
    const bool is_variable = !is_default && sentinels_->variables().count(place) != 0;
    found.layer = is_default ? "default location" : is_variable ? place : "elsewhere";
    if (!sentinels_->is_staged(preset)) {
      found.kind = FindingKind::cache_not_staged;
      found.core = cat(plan_.models_dir, "/", staged);
      found.why =
          cat("the models dir has no ", staged, "/, so that a run leaves the client to its ",
              is_variable ? "variable" : "default location");
      found.fix = cat("stage what it needs in ", found.core);
    } else if (is_default) {
      found.kind = FindingKind::cache_default_wins;
      found.why = found.observed
                      ? "the client returned the sentinel of its default location, in a run"
                      : "none of the variables that the client reads is set in a run";
      found.fix =
          cat("list \"", preset, "\" in [env] presets, or lead the path with [cache] redirect");
    } else if (is_variable) {
      found.kind = FindingKind::cache_variable_wins;
      found.why = found.observed ? cat("the client returned the sentinel in a stand-in for what ",
                                       place, " names, in a run")
                                 : cat(place,
                                       " comes first in the client's order, and a run does "
                                       "not lead it to the models dir");
      found.fix = cat("take ", place, " out of the environment and of [env] set, or list \"",
                      preset, "\" in [env] presets");
    } else {
      found.kind = FindingKind::cache_other_wins;
      found.why = "in a run the client goes by something else than its variables";
      found.fix = "look into the client's own settings, and into [cache] redirect";
    }
    report_.findings.push_back(std::move(found));
  }

  struct RunValue {
    std::string value;         // "": not set
    bool from_preset = false;  // a run sets it, by a preset
  };

  RunValue value_in_run(std::string_view name) const {
    for (std::size_t i = 0; i < plan_.environment.count; ++i) {
      const PlannedVariable& planned = plan_.environment.variables[i];
      if (planned.name != name) continue;
      if (!planned.set) return {};
      return {std::string(planned.value), planned.source.origin == Source::Origin::kPreset};
    }
    return {variable(request_, name), false};
  }

  // Found by the order of its variables: the client cannot be asked.
  void judge_by_order(const InstalledCacheClient& client) {
    const std::string title = client.title();
    Finding note = finding_about(client, false);
    note.kind = FindingKind::cache_not_asked;
    note.layer = client.client->preset;
    note.path = client.program;
    note.why =
        cat("a library of compiled code that tells only the network where its cache is; by "
            "the order of its variables, ",
            client.client->ask);
    note.fix = "see `hfoffline env --explain` for what a run sets";

    std::string place(kDefaultPlace);
    Finding found = finding_about(client, false);
    found.path = std::string(client.client->default_location);
    bool sealed = false;
    for (const std::string_view entry : cli::split(client.client->ask, " ")) {
      const std::size_t slash = std::min(entry.find('/'), entry.size());
      const std::string name(entry.substr(0, slash));
      if (!reads(client, name)) continue;
      const RunValue value = value_in_run(name);
      if (value.value.empty()) continue;
      place = name;
      found.path = cat(value.value, entry.substr(slash));
      sealed = value.from_preset ||
               (!plan_.models_dir.empty() && is_below(value.value, plan_.models_dir));
      break;
    }
    if (plan_.models_dir.empty()) {
      cli::append(&note.why, "; without a models dir nothing is sealed");
    } else if (sealed) {
      note.winner = found.path;
      cli::append(&note.why, " it goes by ", place, " in a run");
    } else {
      found.winner = found.path;
      add_winner(client, place, found);
    }
    report_.findings.push_back(std::move(note));
  }

  // Whether the version that is there reads the variable, by the rows of its preset.
  static bool reads(const InstalledCacheClient& client, std::string_view name) {
    const Presets& presets = known_presets();
    for (std::size_t i = 0; i < presets.count; ++i) {
      if (presets.presets[i].name != client.client->preset) continue;
      PresetRows rows(presets.presets[i].rows);
      for (PresetVariable row; rows.next(&row);) {
        if (row.name == name) return reads_variable(client.version, row);
      }
    }
    return true;
  }

  const ShadowRequest& request_;
  ShadowReport& report_;
  cli::ArenaMemory memory_;
  RunPlan plan_;
  SearchOrder order_;
  std::optional<CacheSentinels> sentinels_;
  std::size_t answered_ = 0;
  std::map<std::string, std::string> others_;  // why, by path
};

}  // namespace

absl::Status check_caches(const ShadowRequest& request, ShadowReport& report) {
  return CacheCheck(request, report).run();
}

}  // namespace hfoffline::layers
