#include "layers/mirrors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "cli/run_directory.h"
#include "cli/string_tools.h"
#include "core/settings.h"

namespace hfoffline::layers {
namespace {

using cli::cat;

// Whoever imports it instead of asking where it is, sees at once what it is.
constexpr std::string_view kSentinel =
    "raise ImportError('a sentinel of hfoffline shadow: this is never to be imported')\n";

bool is_inside(const std::string& path, const std::vector<std::string>& places) {
  return std::any_of(places.begin(), places.end(), [&](const std::string& place) {
    return path == place || path.starts_with(place + (place.ends_with('/') ? "" : "/"));
  });
}

}  // namespace

MirrorDirectory::~MirrorDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

absl::Status MirrorDirectory::make(const char* const* environment,
                                   const std::vector<std::string>& avoid) {
  std::vector<std::string> parents;
  if (const char* given = find_in_environment(environment, "TMPDIR"); given != nullptr)
    parents.emplace_back(given);
  parents.insert(parents.end(), {"/tmp", "/var/tmp", "/dev/shm"});
  int error = ENOENT;
  // Where every one of them is a part of a layer, as of "/", it has to be.
  for (const bool outside : {true, false}) {
    for (const std::string& parent : parents) {
      if (!parent.starts_with('/')) continue;
      const std::string canonical = cli::canonical_path(parent);
      if (is_inside(canonical, avoid) == outside) continue;
      std::string name = cat(canonical, "/hfoffline-shadow-XXXXXX");
      if (mkdtemp(name.data()) != nullptr) {
        path_ = name;
        return absl::OkStatus();
      }
      error = errno;
    }
  }
  return absl::InternalError(cat("no scratch directory can be made: ", std::strerror(error),
                                 "\n  set TMPDIR to a directory that can be written"));
}

absl::StatusOr<std::string> MirrorDirectory::add_mirror() {
  std::string mirror = cat(path_, "/", count_++);
  if (mkdir(mirror.c_str(), 0755) == 0) return mirror;
  return absl::InternalError(cat(mirror, " cannot be made: ", std::strerror(errno)));
}

absl::Status MirrorDirectory::plant(const std::string& mirror, std::string_view name,
                                    bool as_package) {
  std::string path = mirror;
  const std::vector<std::string_view> parts = cli::split(name, ".");
  for (std::size_t i = 0; i < parts.size(); ++i) {
    cli::append(&path, "/", parts[i]);
    if (i + 1 == parts.size() && !as_package) break;
    if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
      return absl::InternalError(cat(path, " cannot be made: ", std::strerror(errno)));
  }
  path += as_package ? "/__init__.py" : ".py";
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor >= 0) {
    const bool written = write(descriptor, kSentinel.data(), kSentinel.size()) ==
                         static_cast<ssize_t>(kSentinel.size());
    if (close(descriptor) == 0 && written) return absl::OkStatus();
  }
  return absl::InternalError(cat(path, " cannot be written: ", std::strerror(errno)));
}

}  // namespace hfoffline::layers
