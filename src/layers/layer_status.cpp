#include "layers/layer_status.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

namespace hfoffline::layers {
namespace {

namespace fs = std::filesystem;

void measure(const std::string& directory, LayerStatus& status) {
  std::error_code error;
  std::set<std::pair<dev_t, ino_t>> seen;
  for (fs::recursive_directory_iterator
           entry(directory, fs::directory_options::skip_permission_denied, error),
       end;
       !error && entry != end; entry.increment(error)) {
    struct stat file;
    if (lstat(entry->path().c_str(), &file) != 0 || !S_ISREG(file.st_mode)) continue;
    ++status.files;
    if (file.st_nlink > 1 && !seen.emplace(file.st_dev, file.st_ino).second) continue;
    status.bytes += static_cast<std::uint64_t>(file.st_size);
  }
}

void find_left_over(const std::string& directory, LayerStatus& status) {
  const fs::path path(directory);
  const std::string start = "." + path.filename().string() + ".hfoffline-staging-";
  std::error_code error;
  for (fs::directory_iterator entry(path.parent_path(), error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(start)) status.left_over.push_back(entry->path().string());
  }
}

void find_contested(const SiteDirectory& layer, const PythonFacts& python, LayerStatus& status) {
  std::vector<SiteDirectory> core;
  for (const std::string& path : python.path) core.push_back(read_site_directory(path, {}));
  std::set<std::string> said;
  for (const ImportName& name : layer.names) {
    if (!said.insert(name.name).second) continue;
    const ImportName* portion = nullptr;
    const SiteDirectory* portion_place = nullptr;
    for (const SiteDirectory& place : core) {
      const std::vector<const ImportName*> found = find_names(place, name.name);
      if (found.empty()) continue;
      if (found.front()->kind == ModuleKind::kNamespacePortion) {
        // Whatever is no portion wins over all portions, wherever it stands.
        if (portion == nullptr) {
          portion = found.front();
          portion_place = &place;
        }
        continue;
      }
      status.contested.push_back(
          {name.name, name.file, place.path + "/" + found.front()->file, false});
      portion = nullptr;
      break;
    }
    if (portion != nullptr && name.kind != ModuleKind::kNamespacePortion) {
      status.contested.push_back(
          {name.name, name.file, portion_place->path + "/" + portion->file, true});
    }
  }
}

nlohmann::ordered_json to_json(const std::optional<LayerStamp>& stamp) {
  if (!stamp) return nullptr;
  return {{"implementation", stamp->implementation},
          {"version", stamp->version},
          {"ext_suffix", stamp->ext_suffix}};
}

}  // namespace

LayerStatus read_layer_status(const std::string& directory, const PythonFacts* python) {
  LayerStatus status;
  std::error_code error;
  status.path = directory;
  while (status.path.size() > 1 && status.path.ends_with('/')) status.path.pop_back();
  find_left_over(status.path, status);
  if (python != nullptr) status.python = stamp_of(*python);
  status.exists = fs::is_directory(status.path, error);
  if (!status.exists) return status;
  status.path = fs::canonical(status.path, error).string();
  status.writable = faccessat(AT_FDCWD, status.path.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
  status.stamp = read_stamp(status.path);
  SiteDirectory site = read_site_directory(status.path, {});
  measure(status.path, status);
  if (python != nullptr) find_contested(site, *python, status);
  status.distributions = std::move(site.distributions);
  status.unreadable = std::move(site.unreadable);
  return status;
}

std::string status_json(const LayerStatus& status) {
  using Json = nlohmann::ordered_json;
  Json distributions = Json::array();
  for (const Distribution& row : status.distributions)
    distributions.push_back({{"name", row.name}, {"version", row.version}});
  Json contested = Json::array();
  for (const ContestedName& row : status.contested) {
    contested.push_back({{"name", row.name},
                         {"file", row.file},
                         {"core", row.core},
                         {"hides_core", row.hides_core}});
  }
  Json unreadable = Json::array();
  for (const UnreadableEntry& row : status.unreadable) unreadable.push_back(row.file);
  Json left_over = Json::array();
  for (const std::string& path : status.left_over) left_over.push_back(path);
  const Json json = {{"schema", 1},
                     {"path", status.path},
                     {"exists", status.exists},
                     {"writable", status.writable},
                     {"stamp", to_json(status.stamp)},
                     {"python", to_json(status.python)},
                     {"stale", status.stale()},
                     {"distributions", std::move(distributions)},
                     {"contested", std::move(contested)},
                     {"unreadable", std::move(unreadable)},
                     {"bytes", status.bytes},
                     {"files", status.files},
                     {"left_over", std::move(left_over)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace hfoffline::layers
