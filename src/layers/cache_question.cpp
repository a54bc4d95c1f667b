#include "layers/cache_question.h"

#include "cli/string_tools.h"
#include "core/settings.h"
#include "layers/child_output.h"
#include "layers/scratch_file.h"
#include "presets/presets.h"

namespace hfoffline::layers {
namespace {

using cli::cat;
using AskedBy = CacheClient::AskedBy;
using FoundAs = CacheClient::FoundAs;

constexpr std::string_view kMark = "hfoffline-answer:";
// A client that does not believe that it is offline tries again for a minute and a half.
constexpr std::chrono::seconds kLimit = std::chrono::seconds(180);

// The place is looked up by the client's own process: a redirect is in force there, and not here.
constexpr char kPythonStart[] = R"(import os, sys
REPOSITORY, COMMIT, SENTINEL_URL, PLACE_FILE = sys.argv[1:5]
def place_of(path):
    at = os.path.abspath(path)
    while True:
        try:
            with open(os.path.join(at, PLACE_FILE)) as file:
                return file.read()
        except OSError:
            if os.path.dirname(at) == at:
                return ''
            at = os.path.dirname(at)
def answer(path):
    path = os.fspath(path)
    print(f'hfoffline-answer:{place_of(path)}:{path}', flush=True)
def first_opened(name, call):
    opened = []
    def see(event, arguments):
        if event == 'open' and isinstance(arguments[0], (str, bytes)):
            path = os.fsdecode(arguments[0])
            if os.path.basename(path) == name:
                opened.append(path)
    sys.addaudithook(see)
    try:
        call()
    except Exception as error:
        # The sentinel is no real model; that it was opened is what counts.
        problem = error
    else:
        problem = RuntimeError(f'{name} was not opened')
    for path in opened:
        if os.path.exists(path):
            return answer(path)
    raise problem
)";
constexpr char kNodeStart[] = R"(import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
const [REPOSITORY, COMMIT, SENTINEL_URL, PLACE_FILE] = process.argv.slice(2);
const placeOf = (path) => {
  for (let at = resolve(path); ; at = dirname(at)) {
    try { return readFileSync(resolve(at, PLACE_FILE), 'utf8'); } catch {}
    if (dirname(at) === at) return '';
  }
};
const answer = (path) => console.log(`hfoffline-answer:${placeOf(path)}:${path}`);
const load = (name) => import(pathToFileURL(createRequire(process.cwd() + '/').resolve(name)));
)";

std::string last_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return std::string(text.substr(text.rfind('\n') + 1));
}

}  // namespace

CacheAnswer CacheQuestion::ask(const InstalledCacheClient& client,
                               const std::vector<std::string>& flags,
                               std::vector<std::string> environment) const {
  std::vector<std::string> arguments = {request_.launcher, "run", "--quiet"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  arguments.insert(arguments.end(), {"--", client.program});
  ChildCommand command;
  if (client.client->asked_by == AskedBy::script) {
    const bool is_python = client.client->found_as == FoundAs::module;
    const std::string file =
        cat(sentinels_.home(), "/ask-", client.client->preset, is_python ? ".py" : ".mjs");
    const std::string text = cat(is_python ? kPythonStart : kNodeStart, client.client->ask);
    if (absl::Status status = write_scratch_file(file, text); !status.ok())
      return {"", "", std::string(status.message())};
    // No bytecode: it would be written into the layers.
    if (is_python) arguments.emplace_back("-B");
    arguments.insert(arguments.end(),
                     {file, std::string(kSentinelRepository), std::string(kSentinelCommit),
                      std::string(kSentinelUrl), std::string(kPlaceFile)});
  } else {
    for (const std::string_view argument : cli::split(client.client->ask, " "))
      arguments.emplace_back(argument);
    // A server would go on: it has said where its cache is.
    command.enough = [this](const std::string& out, const std::string& diagnostics) {
      return !sentinels_.first_place_in(out).empty() ||
             !sentinels_.first_place_in(diagnostics).empty();
    };
  }
  command.program = request_.launcher;
  command.arguments = std::move(arguments);
  command.environment = std::move(environment);
  command.limit = kLimit;
  const ChildOutput output = run_child(command);

  if (client.client->asked_by == AskedBy::arguments) {
    std::string path = sentinels_.first_place_in(output.diagnostics);
    if (path.empty()) path = sentinels_.first_place_in(output.out);
    if (!path.empty()) return {sentinels_.place_in_run(path), path, ""};
  } else if (const std::size_t mark = output.out.find(kMark); mark != output.out.npos) {
    std::string_view rest = std::string_view(output.out).substr(mark + kMark.size());
    rest = rest.substr(0, rest.find('\n'));
    const std::size_t colon = rest.find(':');
    return {std::string(rest.substr(0, colon)), std::string(rest.substr(colon + 1)), ""};
  }
  return {"", "", cat(describe_end(output), ": ", last_line(output.diagnostics))};
}

// Without what leads to a cache, and with the scratch home.
std::vector<std::string> CacheQuestion::base_environment() const {
  std::vector<std::string> names = {"HOME",        "TMPDIR",          "PYTHONUSERBASE",
                                    "OLLAMA_HOST", "OLLAMA_NO_CLOUD", "HFOFFLINE_CONFIG"};
  names.insert(names.end(), cache_variables().begin(), cache_variables().end());
  for (std::size_t i = 0; i < kKeyCount; ++i) {
    const KeyInfo& key = key_info(static_cast<Key>(i));
    if (!key.environment.empty()) names.emplace_back(key.environment);
  }
  for (std::size_t i = 0; i < known_presets().count; ++i) {
    PresetRows rows(known_presets().presets[i].rows);
    for (PresetVariable row; rows.next(&row);) names.emplace_back(row.name);
  }
  std::vector<std::string> environment = environment_without(names);
  environment.push_back(cat("HOME=", sentinels_.home()));
  environment.push_back(cat("TMPDIR=", sentinels_.temporary()));
  // What the user has installed for himself is found by the home directory, too.
  const char* base = find_in_environment(request_.environment, "PYTHONUSERBASE");
  const char* home = find_in_environment(request_.environment, "HOME");
  if (base != nullptr) {
    environment.push_back(cat("PYTHONUSERBASE=", std::string_view(base)));
  } else if (home != nullptr) {
    environment.push_back(cat("PYTHONUSERBASE=", std::string_view(home), "/.local"));
  }
  // A server of Ollama's that is there already keeps its port.
  environment.emplace_back("OLLAMA_HOST=127.0.0.1:0");
  environment.emplace_back("OLLAMA_NO_CLOUD=1");
  return environment;
}

CacheAnswer CacheQuestion::ask_bare(const InstalledCacheClient& client) const {
  std::vector<std::string> environment = base_environment();
  for (const char* name : {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE",
                           "HF_EVALUATE_OFFLINE", "LLAMA_ARG_OFFLINE"}) {
    environment.push_back(cat(std::string_view(name), "=1"));
  }
  return ask(client,
             {"--config", sentinels_.empty_config_file(), "--presets", "proxies", "--scratch",
              sentinels_.work()},
             std::move(environment));
}

CacheAnswer CacheQuestion::ask_in_run(const InstalledCacheClient& client,
                                      bool hub_cache_layout) const {
  std::vector<std::string> environment = base_environment();
  for (const auto& [name, value] : sentinels_.variables()) {
    // What only [env] set names is set by the run.
    if (find_in_environment(request_.environment, name) != nullptr)
      environment.push_back(cat(name, "=", value));
  }
  // The other variables of the presets are as they are now: "HF_HUB_OFFLINE=0" among them.
  for (std::size_t i = 0; i < known_presets().count; ++i) {
    PresetRows rows(known_presets().presets[i].rows);
    for (PresetVariable row; rows.next(&row);) {
      const char* value = find_in_environment(request_.environment, row.name);
      if (value != nullptr && sentinels_.variables().count(std::string(row.name)) == 0)
        environment.push_back(cat(row.name, "=", std::string_view(value)));
    }
  }
  return ask(client,
             {"--config", sentinels_.config_file(), "--models-dir", sentinels_.models(), "--layout",
              hub_cache_layout ? "hub-cache" : "hf-home", "--scratch", sentinels_.work()},
             std::move(environment));
}

}  // namespace hfoffline::layers
