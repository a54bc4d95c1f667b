// `hfoffline shadow cache`: which cache each installed client opens in a run, and whether another
// would win.
//
// Nothing of the machine's own caches is opened by a client. A scratch models dir stands for the
// sealed one and a scratch home for the user's; both hold the same revision of the same repository,
// so that the answer tells them apart.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "cli/nested_run.h"
#include "cli/string_tools.h"
#include "core/config.h"
#include "layers/checker.h"
#include "layers/child_output.h"
#include "layers/delayed_signals.h"
#include "layers/python_facts.h"
#include "layers/scratch_file.h"
#include "presets/presets.h"

namespace hfoffline::layers {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kChecker = "cache";
constexpr char kRepository[] = "hfoffline/sentinel";
constexpr char kDirectory[] = "models--hfoffline--sentinel";
constexpr char kCommit[] = "5e17e15e17e15e17e15e17e15e17e15e17e15e17";
constexpr char kMark[] = "hfoffline-answer:";
// A client that does not believe that it is offline tries again for a minute and a half.
constexpr std::chrono::seconds kLimit = std::chrono::seconds(180);

enum class Runner { python, node };

struct CacheClient {
  std::string_view preset;
  Runner runner;
  std::string_view package;
  std::string_view default_location;
  const char* ask;
};

constexpr CacheClient kClients[] = {
#define CACHE_CLIENT(preset, runner, package, default_location, ask) \
  {#preset, Runner::runner, package, default_location, ask},
#include "layers/cache_clients.def"
#undef CACHE_CLIENT
};

constexpr char kPythonStart[] =
    "import sys\n"
    "REPOSITORY, COMMIT = sys.argv[1:3]\n"
    "def answer(path):\n"
    "    print(f'hfoffline-answer:{path}', flush=True)\n";
constexpr char kNodeStart[] =
    "import { createRequire } from 'node:module';\n"
    "import { pathToFileURL } from 'node:url';\n"
    "const [REPOSITORY, COMMIT] = process.argv.slice(2);\n"
    "const answer = (path) => console.log(`hfoffline-answer:${path}`);\n"
    "const load = (name) => import(pathToFileURL(createRequire(process.cwd() + "
    "'/').resolve(name)));\n";

std::string variable(const ShadowRequest& request, std::string_view name) {
  for (const char* const* entry = request.environment; entry != nullptr && *entry; ++entry) {
    const std::string_view text = *entry;
    if (text.starts_with(name) && text.size() > name.size() && text[name.size()] == '=')
      return std::string(text.substr(name.size() + 1));
  }
  return "";
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

class CacheCheck {
 public:
  CacheCheck(const ShadowRequest& request, ShadowReport& report)
      : request_(request), report_(report) {}

  absl::Status run() {
    find_other_caches();
    SearchOrder order;
    order.checker = kChecker;
    order.title = "clients of the cache";
    const bool nested = cli::is_nested(cli::Context{request_.environment});
    if (nested) order.facts.emplace_back("inside a run, whose settings stay: no client was asked");
    if (!request_.only_read && !nested) {
      const DelayedSignals delayed;
      absl::StatusOr<ScratchDirectory> scratch = ScratchDirectory::make();
      if (!scratch.ok()) return scratch.status();
      scratch_ = fs::canonical(scratch->path()).string();
      if (absl::Status status = plant(); !status.ok()) return status;
      find_clients();
      for (const CacheClient* client : installed_) {
        if (absl::Status status = judge(*client, order); !status.ok()) return status;
      }
    }
    const std::string models_dir(request_.config->text(Key::cache_models_dir));
    if (!models_dir.empty())
      order.places.push_back({"models dir", models_dir, "what a run points clients to", true});
    for (const auto& [path, why] : others_) order.places.push_back({"cache", path, why, false});
    if (installed_.empty() && !request_.only_read && !nested)
      order.facts.emplace_back("no client that could be asked is installed");
    report_.orders.push_back(std::move(order));
    return absl::OkStatus();
  }

 private:
  struct Answer {
    std::string path;    // "": none
    std::string reason;  // why there is none
  };

  // Caches of this machine that a client would take if nobody told it otherwise.
  void find_other_caches() {
    const std::string home = variable(request_, "HOME");
    const std::string sealed(request_.config->text(Key::cache_models_dir));
    std::map<std::string, std::string> places;
    if (!home.empty()) {
      places[home + "/.cache/huggingface/hub"] = "the default location of most clients";
      places[home + "/.cache/huggingface/transformers"] =
          "the default location of transformers before 4.22";
    }
    for (const Layer& layer : layers_of_kind(request_.layers, kChecker)) {
      if (layer.name != request_.core && layer.path != request_.core)
        places[layer.path] = "layer " + layer.name;
    }
    for (const auto& [path, why] : places) {
      std::error_code error;
      const fs::path real = fs::canonical(path, error);
      if (error || (!sealed.empty() &&
                    is_below(real.string(), fs::weakly_canonical(sealed, error).string())))
        continue;
      const std::size_t count = count_repositories(path) + count_repositories(path + "/hub");
      if (count == 0) continue;
      others_[path] = why;
      Finding found;
      found.kind = FindingKind::cache_second;
      found.subject = std::to_string(count) + (count == 1 ? " repository" : " repositories");
      found.layer = why;
      found.path = path;
      found.core = sealed;
      found.why = why + ": outside of `hfoffline run` clients look there";
      found.fix = "start clients with `hfoffline run`, or remove the cache";
      report_.findings.push_back(std::move(found));
    }
  }

  absl::Status plant_cache(const std::string& hub) const {
    const std::string repository = hub + "/" + kDirectory;
    for (const auto& [file, text] :
         {std::pair(std::string("/refs/main"), std::string(kCommit)),
          std::pair("/snapshots/" + std::string(kCommit) + "/config.json", std::string("{}\n"))}) {
      if (absl::Status status = write_scratch_file(repository + file, text); !status.ok())
        return status;
    }
    return absl::OkStatus();
  }

  absl::Status plant() {
    if (absl::Status status = plant_cache(models() + "/hub"); !status.ok()) return status;
    if (absl::Status status = plant_cache(home() + "/.cache/huggingface/hub"); !status.ok())
      return status;
    std::error_code ignored;
    fs::create_directories(models() + "/torch/hub", ignored);
    if (absl::Status status = write_scratch_file(scratch_ + "/empty.toml", ""); !status.ok())
      return status;
    // Whatever leads to a directory now leads to a stand-in for it, with the sentinel in it.
    for (std::size_t i = 0; i < known_presets().count; ++i) {
      PresetRows rows(known_presets().presets[i].rows);
      for (PresetVariable row; rows.next(&row);) {
        const std::string name(row.name);
        const std::string value = variable(request_, name);
        if (!value.starts_with('/') || mirrors_.count(name) != 0) continue;
        const std::string mirror = scratch_ + "/variables/" + name;
        for (const std::string& hub : {mirror, mirror + "/hub"}) {
          if (absl::Status status = plant_cache(hub); !status.ok()) return status;
        }
        mirrors_[name] = mirror;
      }
    }
    return absl::OkStatus();
  }

  std::string models() const { return scratch_ + "/models"; }
  std::string home() const { return scratch_ + "/home"; }

  void find_clients() {
    python_ = find_python(request_.python.empty() ? "python3" : request_.python);
    node_ = find_python("node");
    for (const CacheClient& client : kClients) {
      const bool is_python = client.runner == Runner::python;
      const std::string& program = is_python ? python_ : node_;
      if (program.empty()) continue;
      const std::string package(client.package);
      const std::string ask =
          is_python
              ? "import importlib.util, sys; sys.exit(importlib.util.find_spec('" + package +
                    "') is None)"
              : "require('module').createRequire(process.cwd() + '/').resolve('" + package + "')";
      const ChildOutput output = run_child({.program = program,
                                            .arguments = {program, is_python ? "-c" : "-e", ask},
                                            .environment = environment_without({})});
      if (output.succeeded()) installed_.push_back(&client);
    }
  }

  // The client, started below `hfoffline run` with these flags.
  Answer ask(const CacheClient& client, const std::vector<std::string>& flags,
             std::vector<std::string> environment) const {
    const bool is_python = client.runner == Runner::python;
    const std::string file =
        scratch_ + "/ask-" + std::string(client.preset) + (is_python ? ".py" : ".mjs");
    if (absl::Status status = write_scratch_file(
            file, std::string(is_python ? kPythonStart : kNodeStart) + client.ask);
        !status.ok()) {
      return {"", std::string(status.message())};
    }
    std::vector<std::string> arguments = {request_.launcher, "run", "--quiet"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    arguments.insert(arguments.end(), {"--", is_python ? python_ : node_});
    // The script's directory, which is ours, must not be searched; what the environment adds is.
    if (is_python) arguments.insert(arguments.end(), {"-B"});
    arguments.insert(arguments.end(), {file, kRepository, kCommit});
    environment.push_back("HOME=" + home());
    const ChildOutput output = run_child({.program = request_.launcher,
                                          .arguments = arguments,
                                          .environment = std::move(environment),
                                          .limit = kLimit});
    std::string_view rest = output.out;
    const std::size_t start = rest.find(kMark);
    if (start != rest.npos) {
      rest.remove_prefix(start + sizeof(kMark) - 1);
      return {std::string(rest.substr(0, rest.find('\n'))), ""};
    }
    std::string_view said = output.diagnostics;
    while (said.ends_with('\n')) said.remove_suffix(1);
    return {"", describe_end(output) + ": " + std::string(said.substr(said.rfind('\n') + 1))};
  }

  std::vector<std::string> environment_with_mirrors() const {
    std::vector<std::string> names = {"HOME", "XDG_CACHE_HOME"};
    for (const auto& [name, mirror] : mirrors_) names.push_back(name);
    std::vector<std::string> environment = environment_without(names);
    for (const auto& [name, mirror] : mirrors_) environment.push_back(cli::cat(name, "=", mirror));
    return environment;
  }

  // Without any variable that leads to a cache, but told to be offline: the default location must
  // be seen.
  std::vector<std::string> environment_of_control() const {
    std::vector<std::string> names = {"HOME", "XDG_CACHE_HOME", "HFOFFLINE_CONFIG",
                                      "HFOFFLINE_MODELS_DIR"};
    for (std::size_t i = 0; i < known_presets().count; ++i) {
      PresetRows rows(known_presets().presets[i].rows);
      for (PresetVariable row; rows.next(&row);) names.emplace_back(row.name);
    }
    std::vector<std::string> environment = environment_without(names);
    for (const char* name : {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"})
      environment.push_back(std::string(name) + "=1");
    return environment;
  }

  absl::Status judge(const CacheClient& client, SearchOrder& order) {
    const std::string title = std::string(client.package);
    const std::string standard = home() + "/" + std::string(client.default_location);
    const Answer control =
        ask(client, {"--config", scratch_ + "/empty.toml", "--presets", "proxies"},
            environment_of_control());
    if (!is_below(control.path, standard)) {
      return absl::InternalError(title + " does not look into its default location ~/" +
                                 std::string(client.default_location) +
                                 " when nothing else is said (" +
                                 (control.path.empty() ? control.reason : control.path) +
                                 "): what it says in a run would prove nothing");
    }
    std::vector<std::string> flags = {"--models-dir", models(), "--layout", "hf-home"};
    if (!request_.config->file.empty())
      flags.insert(flags.end(), {"--config", std::string(request_.config->file)});
    const Answer answer = ask(client, flags, environment_with_mirrors());
    Finding found;
    found.subject = title;
    found.core = std::string(request_.config->text(Key::cache_models_dir));
    if (found.core.empty()) found.core = "the models dir";
    found.observed = true;
    found.winner = answer.path;
    if (answer.path.empty()) {
      found.kind = FindingKind::cache_unanswered;
      found.why = answer.reason;
      found.fix = "start the client with `hfoffline run` to see what it says";
      report_.findings.push_back(std::move(found));
      return absl::OkStatus();
    }
    if (is_below(answer.path, home())) {
      found.kind = FindingKind::cache_default_wins;
      found.layer = "default location";
      found.path = "~" + answer.path.substr(home().size());
      found.winner = found.path;
      found.why = "the client returned the sentinel of its default location, in a run";
      found.fix = "list \"" + std::string(client.preset) +
                  "\" in [env] presets, or lead the path with [cache] redirect";
      report_.findings.push_back(std::move(found));
      return absl::OkStatus();
    }
    for (const auto& [name, mirror] : mirrors_) {
      if (!is_below(answer.path, mirror)) continue;
      found.kind = FindingKind::cache_variable_wins;
      found.layer = name;
      found.path = variable(request_, name);
      found.winner = found.path;
      found.why =
          "the client returned the sentinel in a stand-in for what " + name + " names, in a run";
      found.fix =
          "unset " + name + ", or list \"" + std::string(client.preset) + "\" in [env] presets";
      report_.findings.push_back(std::move(found));
      return absl::OkStatus();
    }
    order.facts.push_back(title +
                          (is_below(answer.path, models())
                               ? " opens the models dir in a run, and would open ~/"
                               : " writes to scratch in a run, and would open ~/") +
                          std::string(client.default_location) + " outside of it");
    return absl::OkStatus();
  }

  const ShadowRequest& request_;
  ShadowReport& report_;
  std::string scratch_;
  std::string python_;
  std::string node_;
  std::vector<const CacheClient*> installed_;
  std::map<std::string, std::string> mirrors_;  // directory by variable
  std::map<std::string, std::string> others_;   // why, by path
};

}  // namespace

absl::Status check_caches(const ShadowRequest& request, ShadowReport& report) {
  return CacheCheck(request, report).run();
}

}  // namespace hfoffline::layers
