#include "layers/zip_directory.h"

#include <zip.h>

#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "cli/string_tools.h"
#include "layers/site_names.h"

namespace hfoffline::layers {
namespace {

using cli::cat;

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

Archive open_archive(const std::string& path, std::string* problem) {
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (archive) return archive;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  *problem = zip_error_strerror(&error);
  zip_error_fini(&error);
  return archive;
}

// Adds what a member makes importable: the first directory of its path that is a package, or the
// module that it is, and the namespace portions above.
void add_member(std::string_view member, const std::set<std::string, std::less<>>& packages,
                std::set<std::string>& seen, SiteDirectory& place) {
  std::string prefix;
  for (std::size_t start = 0; start < member.size();) {
    const std::size_t slash = member.find('/', start);
    const std::string_view part = member.substr(start, slash - start);
    if (slash == member.npos) {
      ImportName import;
      if (!parse_module_file(part, &import) || import.kind == ModuleKind::kExtension) return;
      import.name.insert(0, prefix);
      import.file = member;
      place.names.push_back(std::move(import));
      return;
    }
    if (!is_importable_name(part) || part == "__pycache__") return;
    const std::string_view directory = member.substr(0, slash);
    const bool is_package = packages.find(directory) != packages.end();
    const std::string name = cat(prefix, part);
    if (seen.insert(name).second) {
      ImportName import;
      import.name = name;
      import.file = directory;
      import.kind = is_package ? ModuleKind::kPackage : ModuleKind::kNamespacePortion;
      place.names.push_back(std::move(import));
    }
    if (is_package) return;
    prefix = cat(name, ".");
    start = slash + 1;
  }
}

}  // namespace

void read_zip_directory(SiteDirectory& place) {
  std::string problem;
  const Archive archive = open_archive(place.path, &problem);
  if (!archive) {
    place.unreadable.push_back({"", 0, problem});
    return;
  }
  std::vector<std::string> members;
  std::set<std::string, std::less<>> packages;
  std::set<std::string> metadata;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* name = zip_get_name(archive.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
    if (name == nullptr) continue;
    members.emplace_back(name);
    const std::string_view member = members.back();
    const std::size_t slash = member.rfind('/');
    if (slash == member.npos) continue;
    const std::string_view last = member.substr(slash + 1);
    if (last == "__init__.py" || last == "__init__.pyc") packages.emplace(member.substr(0, slash));
    if (last == "METADATA" || last == "PKG-INFO") metadata.emplace(member.substr(0, slash));
  }
  place.files = members.size();
  std::set<std::string> seen;
  for (const std::string& member : members) add_member(member, packages, seen, place);
  for (const std::string& directory : metadata) {
    Distribution distribution;
    if (directory == "EGG-INFO") {
      distribution = distribution_of_egg(place.path, directory);
    } else if (!parse_distribution_directory(directory, &distribution)) {
      continue;
    }
    if (distribution.version.empty() || distribution.name.empty()) {
      for (const std::string_view file : {"METADATA", "PKG-INFO"}) {
        const absl::StatusOr<std::string> text = read_metadata_file(place, distribution, file);
        if (text.ok()) read_metadata_header(*text, &distribution);
      }
    }
    distribution.canonical = canonical_distribution_name(distribution.name);
    place.distributions.push_back(std::move(distribution));
  }
}

absl::StatusOr<std::string> read_zip_member(const std::string& path, const std::string& member,
                                            std::size_t maximum) {
  std::string problem;
  const Archive archive = open_archive(path, &problem);
  if (!archive) return absl::FailedPreconditionError(cat(path, ": ", problem));
  const std::unique_ptr<zip_file_t, Discard> file(zip_fopen(archive.get(), member.c_str(), 0));
  if (!file) return absl::NotFoundError(cat(path, " has no ", member));
  std::string text;
  char chunk[16384];
  for (;;) {
    const zip_int64_t bytes = zip_fread(file.get(), chunk, sizeof(chunk));
    if (bytes < 0) return absl::FailedPreconditionError(cat(path, ": ", member, " is damaged"));
    if (bytes == 0) return text;
    text.append(chunk, static_cast<std::size_t>(bytes));
    if (text.size() > maximum)
      return absl::FailedPreconditionError(cat(path, ": ", member, " is too large"));
  }
}

}  // namespace hfoffline::layers
