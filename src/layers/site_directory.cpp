#include "layers/site_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "cli/string_tools.h"
#include "core/text.h"
#include "layers/directory_listing.h"
#include "layers/site_names.h"
#include "layers/zip_directory.h"

namespace hfoffline::layers {
namespace {

using cli::cat;

constexpr std::size_t kMaximumMetadataBytes = 1 << 20;
constexpr std::size_t kMaximumNamespaceDepth = 16;

struct Entry {
  std::string name;
  EntryType type;
};

// What the listing of one directory says about it.
struct DirectoryFacts {
  bool has_init = false;
  bool has_record = false;
  bool has_direct_url = false;
};

class Reader {
 public:
  Reader(int root, SiteDirectory& place, bool whole_tree)
      : root_(root), place_(place), whole_tree_(whole_tree) {}

  void read();
  void expand(std::string_view name);

 private:
  // Lists a directory below the root ("" : the root). Links are resolved where `resolve` says so.
  int list(const std::string& file, bool resolve, std::vector<Entry>* entries);
  EntryType resolve(const std::string& file);
  DirectoryFacts walk(const std::string& file);
  DirectoryFacts facts_of(const std::string& file, const std::vector<Entry>& entries);
  bool is_package(const std::string& file, DirectoryFacts* facts);
  void add_directory(const std::string& prefix, const std::string& file, std::string_view name);
  void add_file(const std::string& prefix, const std::string& file, std::string_view name);
  void add_distribution(Distribution distribution);
  void read_pth(const std::string& file);
  void unreadable(const std::string& file, int error) {
    place_.unreadable.push_back({file, error, {}});
  }

  int root_;
  SiteDirectory& place_;
  bool whole_tree_;
  DirectoryLister lister_;
};

std::string below(const std::string& directory, std::string_view name) {
  return directory.empty() ? std::string(name) : cat(directory, "/", name);
}

EntryType Reader::resolve(const std::string& file) {
  struct stat status;
  if (fstatat(root_, file.c_str(), &status, 0) != 0) {
    unreadable(file, errno);
    return EntryType::kOther;
  }
  if (S_ISDIR(status.st_mode)) return EntryType::kDirectory;
  return S_ISREG(status.st_mode) ? EntryType::kFile : EntryType::kOther;
}

int Reader::list(const std::string& file, bool resolve_links, std::vector<Entry>* entries) {
  const int error = lister_.list(root_, file, [&](std::string_view name, EntryType type) {
    entries->push_back({std::string(name), type});
  });
  if (error != 0) unreadable(file, error);
  ++place_.directories;
  for (Entry& entry : *entries) {
    if (entry.type == EntryType::kUnknown || (entry.type == EntryType::kLink && resolve_links))
      entry.type = resolve(below(file, entry.name));
    if (entry.type != EntryType::kDirectory) ++place_.files;
  }
  return error;
}

DirectoryFacts Reader::facts_of(const std::string& file, const std::vector<Entry>& entries) {
  DirectoryFacts facts;
  for (const Entry& entry : entries) {
    if (entry.type == EntryType::kDirectory) continue;
    const std::string_view name = entry.name;
    facts.has_init = facts.has_init || is_init_file(name);
    facts.has_record = facts.has_record || name == "RECORD";
    facts.has_direct_url = facts.has_direct_url || name == "direct_url.json";
    std::string_view stem;
    std::string_view tag;
    if (whole_tree_ && split_extension_name(name, &stem, &tag) && !tag.empty())
      place_.extensions.push_back({below(file, name), std::string(tag)});
  }
  return facts;
}

// A whole tree below a directory; links inside are not followed, so that it ends.
DirectoryFacts Reader::walk(const std::string& file) {
  DirectoryFacts result;
  std::vector<std::string> waiting = {file};
  std::vector<Entry> entries;
  while (!waiting.empty()) {
    const std::string directory = std::move(waiting.back());
    waiting.pop_back();
    entries.clear();
    list(directory, false, &entries);
    const DirectoryFacts facts = facts_of(directory, entries);
    if (directory == file) result = facts;
    if (!whole_tree_) break;
    for (const Entry& entry : entries) {
      if (entry.type == EntryType::kDirectory && entry.name != "__pycache__")
        waiting.push_back(below(directory, entry.name));
    }
  }
  return result;
}

// Listed only where a look at the likeliest name does not settle it.
bool Reader::is_package(const std::string& file, DirectoryFacts* facts) {
  if (whole_tree_) {
    *facts = walk(file);
    return facts->has_init;
  }
  struct stat status;
  if (fstatat(root_, cat(file, "/__init__.py").c_str(), &status, 0) == 0 &&
      S_ISREG(status.st_mode)) {
    return true;
  }
  *facts = walk(file);
  return facts->has_init;
}

void Reader::add_distribution(Distribution distribution) {
  const bool is_file = distribution.kind == DistributionKind::kEggInfoFile;
  if (distribution.version.empty() || distribution.name.empty()) {
    const std::string_view file =
        distribution.kind == DistributionKind::kDistInfo ? "METADATA" : "PKG-INFO";
    const absl::StatusOr<std::string> text = is_file
                                                 ? read_metadata_file(place_, distribution, "")
                                                 : read_metadata_file(place_, distribution, file);
    if (text.ok()) read_metadata_header(*text, &distribution);
  }
  distribution.canonical = canonical_distribution_name(distribution.name);
  place_.distributions.push_back(std::move(distribution));
}

void Reader::add_directory(const std::string& prefix, const std::string& file,
                           std::string_view name) {
  if (name == "__pycache__") return;
  Distribution distribution;
  const bool is_distribution = prefix.empty() && parse_distribution_directory(name, &distribution);
  if (is_distribution || (prefix.empty() && name == "EGG-INFO")) {
    if (!is_distribution) distribution = distribution_of_egg(place_.path, name);
    if (whole_tree_) {
      const DirectoryFacts facts = walk(file);
      distribution.has_record = facts.has_record;
      distribution.has_direct_url = facts.has_direct_url;
    }
    add_distribution(std::move(distribution));
    return;
  }
  if (!is_importable_name(name)) {
    if (whole_tree_) walk(file);
    return;
  }
  DirectoryFacts facts;
  ImportName import;
  import.kind = is_package(file, &facts) ? ModuleKind::kPackage : ModuleKind::kNamespacePortion;
  import.name = cat(prefix, name);
  import.file = file;
  place_.names.push_back(std::move(import));
}

void Reader::read_pth(const std::string& file) {
  std::string text;
  if (const int error = read_text_file(root_, file, kMaximumMetadataBytes, &text); error != 0) {
    unreadable(file, error);
    return;
  }
  for (PthLine& line : parse_pth(file, text)) place_.pth_lines.push_back(std::move(line));
}

void Reader::add_file(const std::string& prefix, const std::string& file, std::string_view name) {
  ImportName import;
  if (parse_module_file(name, &import)) {
    import.name.insert(0, prefix);
    import.file = file;
    place_.names.push_back(std::move(import));
    return;
  }
  if (!prefix.empty()) return;
  Distribution distribution;
  if (name.ends_with(".egg-info") && parse_distribution_directory(name, &distribution)) {
    distribution.kind = DistributionKind::kEggInfoFile;
    add_distribution(std::move(distribution));
  }
}

void sort_names(std::vector<ImportName>& names) {
  std::sort(names.begin(), names.end(), [](const ImportName& a, const ImportName& b) {
    return std::tie(a.name, a.kind, a.file) < std::tie(b.name, b.kind, b.file);
  });
}

void Reader::read() {
  std::vector<Entry> entries;
  if (list("", true, &entries) != 0 && entries.empty()) return;
  facts_of("", entries);
  std::vector<std::string> pth_files;
  for (const Entry& entry : entries) {
    if (entry.type == EntryType::kDirectory) {
      add_directory("", entry.name, entry.name);
    } else if (entry.type == EntryType::kFile) {
      add_file("", entry.name, entry.name);
      if (entry.name.ends_with(".pth")) pth_files.push_back(entry.name);
    }
  }
  std::sort(pth_files.begin(), pth_files.end());
  for (const std::string& file : pth_files) read_pth(file);
  sort_names(place_.names);
  std::sort(place_.distributions.begin(), place_.distributions.end(),
            [](const Distribution& a, const Distribution& b) {
              return std::tie(a.canonical, a.metadata) < std::tie(b.canonical, b.metadata);
            });
}

void Reader::expand(std::string_view name) {
  whole_tree_ = false;  // its extension modules are known already
  std::vector<std::pair<std::string, std::string>> waiting;  // prefix, directory
  for (const ImportName* import : find_names(place_, name)) {
    if (import->kind == ModuleKind::kNamespacePortion)
      waiting.emplace_back(cat(import->name, "."), import->file);
  }
  while (!waiting.empty()) {
    const auto [prefix, directory] = std::move(waiting.back());
    waiting.pop_back();
    std::vector<Entry> entries;
    list(directory, true, &entries);
    const std::size_t before = place_.names.size();
    for (const Entry& entry : entries) {
      const std::string file = below(directory, entry.name);
      if (entry.type == EntryType::kDirectory) add_directory(prefix, file, entry.name);
      if (entry.type == EntryType::kFile) add_file(prefix, file, entry.name);
    }
    // A loop of symbolic links would go on for ever.
    if (static_cast<std::size_t>(std::count(prefix.begin(), prefix.end(), '.')) >
        kMaximumNamespaceDepth)
      continue;
    for (std::size_t i = before; i < place_.names.size(); ++i) {
      const ImportName& import = place_.names[i];
      if (import.kind == ModuleKind::kNamespacePortion)
        waiting.emplace_back(cat(import.name, "."), import.file);
    }
  }
  sort_names(place_.names);
}

}  // namespace

SiteDirectory read_site_directory(const std::string& path, const SiteDirectoryOptions& options) {
  SiteDirectory place;
  place.path = path;
  const int root = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root >= 0) {
    place.exists = true;
    Reader(root, place, options.whole_tree).read();
    close(root);
    return place;
  }
  const int error = errno;
  struct stat status;
  if (error == ENOTDIR && stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
    place.exists = true;
    place.is_zip = true;
    read_zip_directory(place);
    sort_names(place.names);
  } else if (error != ENOENT && error != ENOTDIR) {
    place.exists = true;
    place.unreadable.push_back({"", error, {}});
  }
  return place;
}

void expand_namespace(SiteDirectory& place, std::string_view name) {
  if (place.is_zip) return;
  const int root = open(place.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return;
  Reader(root, place, false).expand(name);
  close(root);
}

std::vector<const ImportName*> find_names(const SiteDirectory& place, std::string_view name) {
  std::vector<const ImportName*> found;
  auto at = std::lower_bound(
      place.names.begin(), place.names.end(), name,
      [](const ImportName& import, std::string_view wanted) { return import.name < wanted; });
  for (; at != place.names.end() && at->name == name; ++at) found.push_back(&*at);
  return found;
}

absl::StatusOr<std::string> read_metadata_file(const SiteDirectory& place,
                                               const Distribution& distribution,
                                               std::string_view name) {
  const std::string file =
      name.empty() ? distribution.metadata : cat(distribution.metadata, "/", name);
  if (place.is_zip) return read_zip_member(place.path, file, kMaximumMetadataBytes);
  std::string text;
  const std::string path = cat(place.path, "/", file);
  const int error = read_text_file(AT_FDCWD, path, kMaximumMetadataBytes, &text);
  if (error == 0) return text;
  const std::string message = cat(path, " cannot be read: ", std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(message) : absl::FailedPreconditionError(message);
}

absl::StatusOr<std::vector<RecordEntry>> read_record(const SiteDirectory& place,
                                                     const Distribution& distribution) {
  absl::StatusOr<std::string> text = read_metadata_file(place, distribution, "RECORD");
  if (!text.ok()) return text.status();
  return parse_record(*text);
}

}  // namespace hfoffline::layers
