#include "layers/cache_sentinels.h"

#include <openssl/sha.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/string_tools.h"
#include "core/settings.h"
#include "layers/cache_clients.h"
#include "layers/scratch_file.h"
#include "presets/presets.h"

namespace hfoffline::layers {
namespace {

namespace fs = std::filesystem;
using cli::cat;

constexpr std::string_view kModelsDir = "{models_dir}/";

std::string text_of(const char* text) { return text == nullptr ? "" : text; }

bool is_below(std::string_view path, std::string_view directory) {
  return path == directory ||
         (path.starts_with(directory) && path.substr(directory.size()).starts_with('/'));
}

// Whether a variable's value names a directory. "1" and "false" do not, and neither do addresses.
bool names_directory(std::string_view value) {
  return value.find('/') != value.npos && value.find("://") == value.npos;
}

std::string sha1_of(std::string_view text) {
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::string result;
  constexpr char kDigits[] = "0123456789abcdef";
  for (const unsigned char byte : digest) {
    result.push_back(kDigits[byte >> 4]);
    result.push_back(kDigits[byte & 15]);
  }
  return result;
}

// A string of TOML; those of JSON are among them.
std::string toml_string(std::string_view text) {
  return nlohmann::json(std::string(text))
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string toml_list(const std::vector<std::string>& texts) {
  std::vector<std::string> items;
  items.reserve(texts.size());
  for (const std::string& text : texts) items.push_back(toml_string(text));
  return cat("[", cli::join(items, ", "), "]");
}

}  // namespace

CacheSentinels::CacheSentinels(const ShadowRequest& request, const RunPlan& plan,
                               std::string directory)
    : request_(request), plan_(plan), directory_(std::move(directory)) {}

// Whatever a client could look for, wherever below the directory it would.
absl::Status CacheSentinels::plant_contents(const std::string& directory) const {
  const std::string snapshot = cat("/snapshots/", kSentinelCommit, "/");
  for (const char* hub : {"", "/hub", "/huggingface/hub"}) {
    const std::string repository = cat(directory, hub, "/models--hfoffline--sentinel");
    for (const auto& [file, text] : {
             std::pair(std::string("/refs/main"), kSentinelCommit),
             std::pair(snapshot + "config.json", std::string_view("{}\n")),
             std::pair(snapshot + "modules.json", std::string_view("[]\n")),
             std::pair(snapshot + "model.safetensors", std::string_view("none\n")),
             std::pair(snapshot + "sentinel-Q8_0.gguf", std::string_view("none\n")),
         }) {
      if (absl::Status status = write_scratch_file(repository + file, text); !status.ok())
        return status;
    }
  }
  for (const std::string& file :
       {std::string("/model.safetensors"), std::string("/corpora/hfoffline-sentinel/README"),
        std::string("/hub/checkpoints/hfoffline-sentinel.pth"),
        std::string("/torch/hub/checkpoints/hfoffline-sentinel.pth"),
        cat("/", sha1_of(kSentinelUrl))}) {
    if (absl::Status status = write_scratch_file(directory + file, "none\n"); !status.ok())
      return status;
  }
  return absl::OkStatus();
}

absl::Status CacheSentinels::plant_place(const std::string& directory, std::string_view name) {
  return write_scratch_file(cat(directory, "/", kPlaceFile), name);
}

std::string CacheSentinels::below_models(std::string_view path) const {
  if (plan_.models_dir.empty()) return "";
  std::error_code error;
  const std::string real = fs::weakly_canonical(std::string(path), error).string();
  if (error || !is_below(real, plan_.models_dir)) return "";
  return models() + real.substr(plan_.models_dir.size());
}

absl::Status CacheSentinels::plant_variable(const std::string& name, std::string_view value) {
  if (!names_directory(value) || variables_.count(name) != 0) return absl::OkStatus();
  if (const std::string sealed = below_models(value); !sealed.empty()) {
    variables_[name] = sealed;
    std::error_code error;
    return fs::exists(sealed, error) ? absl::OkStatus() : plant_contents(sealed);
  }
  const std::string mirror = cat(directory_, "/variables/", name);
  variables_[name] = mirror;
  real_paths_[name] = value;
  if (absl::Status status = plant_place(mirror, name); !status.ok()) return status;
  return plant_contents(mirror);
}

absl::Status CacheSentinels::plant() {
  for (const auto& [directory, name] :
       {std::pair(models(), kSealedPlace), std::pair(home(), kDefaultPlace),
        std::pair(temporary(), kDefaultPlace), std::pair(work(), kWorkPlace)}) {
    if (absl::Status status = plant_place(directory, name); !status.ok()) return status;
  }
  const std::string hub = plan_.layout == Layout::kHubCache ? models() : models() + "/hub";
  if (absl::Status status = plant_contents(hub); !status.ok()) return status;
  for (const CacheClient& client : cache_clients()) {
    if (absl::Status status = plant_contents(expand(client.default_location)); !status.ok())
      return status;
    const std::string staged = staging_directory(client.preset);
    if (staged.empty() || !is_staged(client.preset)) continue;
    if (absl::Status status = plant_contents(cat(models(), "/", staged)); !status.ok())
      return status;
  }
  // Whatever leads to a directory now leads to a stand-in for it; what [env] set says comes last in
  // a run, and so it is the value that counts.
  for (const ListItem* item = request_.config->items(Key::env_set); item != nullptr;
       item = item->next) {
    const std::size_t equals = item->text.find('=');
    if (equals == item->text.npos) continue;
    if (absl::Status status = plant_variable(std::string(item->text.substr(0, equals)),
                                             item->text.substr(equals + 1));
        !status.ok()) {
      return status;
    }
  }
  std::vector<std::string> names(cache_variables().begin(), cache_variables().end());
  for (std::size_t i = 0; i < known_presets().count; ++i) {
    PresetRows rows(known_presets().presets[i].rows);
    for (PresetVariable row; rows.next(&row);) names.emplace_back(row.name);
  }
  for (const std::string& name : names) {
    const std::string value = text_of(find_in_environment(request_.environment, name));
    if (absl::Status status = plant_variable(name, value); !status.ok()) return status;
  }
  return write_config();
}

absl::Status CacheSentinels::write_config() {
  const Config& config = *request_.config;
  const auto list = [&](Key key) {
    std::vector<std::string> items;
    for (const ListItem* item = config.items(key); item != nullptr; item = item->next)
      items.emplace_back(item->text);
    return items;
  };
  std::vector<std::string> set;
  for (const std::string& item : list(Key::env_set)) {
    const std::size_t equals = item.find('=');
    const auto found = variables_.find(item.substr(0, equals));
    set.push_back(found == variables_.end() ? item : cat(found->first, "=", found->second));
  }
  std::vector<std::string> redirects;
  const std::string real_home = text_of(find_in_environment(request_.environment, "HOME"));
  for (const std::string& item : list(Key::cache_redirect)) {
    Redirect redirect;
    if (!parse_redirect(item, &redirect)) continue;
    std::string from(redirect.from);
    if (!real_home.empty() && is_below(from, real_home)) from.replace(0, real_home.size(), "~");
    // Only what a client without variables would open is of interest here.
    if (!from.starts_with("~/")) continue;
    std::string to = below_models(redirect.to);
    if (to.empty()) {
      const std::string name = cat("redirect-", redirects.size());
      to = cat(directory_, "/variables/", name);
      real_paths_[name] = redirect.to;
      if (absl::Status status = plant_place(to, name); !status.ok()) return status;
      if (absl::Status status = plant_contents(to); !status.ok()) return status;
    }
    std::error_code ignored;
    fs::create_directories(to, ignored);
    fs::create_directories(home() + from.substr(1), ignored);
    redirects_[home() + from.substr(1)] = to;
    redirects.push_back(cat(from, "=", to));
  }
  std::string text = "[cache]\n";
  cli::append(&text, "redirect = ", toml_list(redirects),
              "\nredirect_way = ", toml_string(config.text(Key::cache_redirect_way)), "\n[env]\n");
  if (config.at(Key::env_presets).given)
    cli::append(&text, "presets = ", toml_list(list(Key::env_presets)), "\n");
  cli::append(&text, "set = ", toml_list(set), "\nunset = ", toml_list(list(Key::env_unset)), "\n");
  if (absl::Status status = write_scratch_file(config_file(), text); !status.ok()) return status;
  return write_scratch_file(empty_config_file(), "");
}

std::string CacheSentinels::real_path(std::string_view place) const {
  const auto found = real_paths_.find(place);
  return found == real_paths_.end() ? "" : found->second;
}

std::string CacheSentinels::place_of(const std::string& path) {
  // The path is walked as text: a symbolic link that leads to a place is in that place.
  for (std::string at = path; !at.empty(); at = at.substr(0, at.rfind('/'))) {
    std::ifstream file(cat(at, "/", kPlaceFile));
    std::string name;
    if (file && std::getline(file, name)) return name;
    if (at.find('/') == at.npos) break;
  }
  return "";
}

std::string CacheSentinels::place_in_run(const std::string& path) const {
  // The longest counts, which comes last of those that fit.
  std::string there = path;
  for (const auto& [from, to] : redirects_) {
    if (is_below(path, from)) there = to + path.substr(from.size());
  }
  return place_of(there);
}

std::string CacheSentinels::expand(std::string_view location) const {
  constexpr std::string_view kTemporary = "$TMPDIR";
  if (location.starts_with(kTemporary)) return cat(temporary(), location.substr(kTemporary.size()));
  return cat(home(), location.substr(1));
}

std::string CacheSentinels::abbreviate(std::string_view path) const {
  if (is_below(path, temporary())) return cat("$TMPDIR", path.substr(temporary().size()));
  if (is_below(path, home())) return cat("~", path.substr(home().size()));
  return std::string(path);
}

std::string CacheSentinels::first_place_in(std::string_view output) const {
  const std::string start = directory_ + "/";
  for (std::size_t at = output.find(start); at != output.npos; at = output.find(start, at + 1)) {
    const std::size_t from = at + start.size();
    const std::size_t end = output.find_first_of(" \t\r\n'\"])", from);
    if (end == output.npos) return "";
    std::string path(output.substr(at, end - at));
    // Its home directory is no cache.
    if (path != home() && !place_of(path).empty()) return path;
  }
  return "";
}

std::string CacheSentinels::staging_directory(std::string_view preset) {
  for (std::size_t i = 0; i < known_presets().count; ++i) {
    if (known_presets().presets[i].name != preset) continue;
    PresetRows rows(known_presets().presets[i].rows);
    for (PresetVariable row; rows.next(&row);) {
      if (row.action == PresetAction::kSetIfDirectory && row.value.starts_with(kModelsDir))
        return std::string(row.value.substr(kModelsDir.size()));
    }
  }
  return "";
}

bool CacheSentinels::is_staged(std::string_view preset) const {
  const std::string directory = staging_directory(preset);
  if (directory.empty() || plan_.models_dir.empty()) return true;
  return is_directory(cat(plan_.models_dir, "/", directory).c_str());
}

}  // namespace hfoffline::layers
