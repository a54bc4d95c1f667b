#include "layers/layer_install.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/string_tools.h"
#include "layers/child_output.h"
#include "layers/durable_layer.h"
#include "layers/layer_stamp.h"
#include "layers/loader_rules.h"
#include "layers/requirement.h"
#include "layers/scratch_file.h"
#include "layers/site_directory.h"

namespace hfoffline::layers {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kLimit = std::chrono::hours(6);

// The layer's own packages count as installed, behind core's.
constexpr char kPipWithLayer[] =
    "import sys, runpy\n"
    "sys.path.append(sys.argv.pop(1))\n"
    "sys.argv[0] = 'pip'\n"
    "runpy.run_module('pip', run_name='__main__', alter_sys=True)\n";

// These would send packages elsewhere than to the target, or bring others than core allows.
std::vector<std::string> installer_environment() {
  std::vector<std::string> environment = environment_without(
      {"PIP_USER", "PIP_PREFIX", "PIP_ROOT", "PIP_TARGET", "PIP_UPGRADE", "PIP_REQUIREMENT",
       "PIP_EDITABLE", "PIP_REPORT", "PIP_DRY_RUN", "UV_TARGET", "UV_PREFIX", "UV_PYTHON",
       "UV_SYSTEM_PYTHON", "UV_COMPILE_BYTECODE", "UV_LINK_MODE", "UV_OVERRIDE", "PYTHONPATH",
       "PYTHONHOME"});
  // Only asked what it would do, pip need not mind that the distribution manages the interpreter.
  environment.emplace_back("PIP_BREAK_SYSTEM_PACKAGES=1");
  return environment;
}

struct Staging {
  std::string directory;
  std::string constraints;
  std::string fresh;  // what the installer fills
  std::string next;   // the layer to be
};

class Installation {
 public:
  Installation(const InstallRequest& request, const PythonFacts& core, DurableLayer& layer)
      : request_(request), core_(core), layer_(layer) {}

  absl::StatusOr<InstallResult> run() {
    absl::StatusOr<std::string> staging = layer_.make_staging();
    if (!staging.ok()) return staging.status();
    staging_ = {*staging, *staging + "/constraints.txt", *staging + "/fresh", *staging + "/next"};
    if (absl::Status status =
            write_scratch_file(staging_.constraints, constraints_of(core_.distributions));
        !status.ok()) {
      return status;
    }
    absl::StatusOr<std::string> installer = pick_installer();
    if (!installer.ok()) return installer.status();
    absl::Status status = *installer == "pip" ? install_with_pip() : install_with_uv(*installer);
    if (!status.ok()) return status;
    if (!fs::exists(staging_.fresh)) return InstallResult();
    return merge();
  }

 private:
  absl::StatusOr<std::string> pick_installer() const {
    if (request_.installer != "uv") {
      const ChildOutput pip = run_child({.program = core_.executable,
                                         .arguments = {core_.executable, "-I", "-c", "import pip"},
                                         .environment = installer_environment()});
      if (pip.succeeded()) return "pip";
      if (request_.installer == "pip")
        return absl::InvalidArgumentError(core_.executable + " has no pip");
    }
    const std::string uv = find_python("uv");
    if (!uv.empty()) return uv;
    return absl::InvalidArgumentError(
        request_.installer == "uv"
            ? "there is no uv in PATH"
            : core_.executable + " has no pip, and there is no uv in PATH: one of them installs");
  }

  absl::Status start(const std::string& program, std::vector<std::string> arguments,
                     ChildOutput* output = nullptr) const {
    arguments.insert(arguments.begin(), program);
    ChildOutput said = run_child({.program = program,
                                  .arguments = arguments,
                                  .environment = installer_environment(),
                                  .directory = staging_.directory,
                                  .limit = kLimit,
                                  .dies_with_us = true,
                                  .pass_on = output == nullptr});
    const bool succeeded = said.succeeded();
    const std::string end = describe_end(said);
    if (output != nullptr) *output = std::move(said);
    if (succeeded) return absl::OkStatus();
    return absl::FailedPreconditionError("the installer failed (" + end +
                                         "); the layer is what it was");
  }

  // pip ignores with --target whatever is installed, and would bring core's packages once more. So
  // it is first asked what is missing beside core and the layer.
  absl::Status install_with_pip() {
    const std::string report = staging_.directory + "/report.json";
    std::vector<std::string> arguments = {"-I",
                                          "-B",
                                          "-c",
                                          kPipWithLayer,
                                          layer_.path(),
                                          "install",
                                          "--dry-run",
                                          "--report",
                                          report,
                                          "--constraint",
                                          staging_.constraints,
                                          "--no-input",
                                          "--disable-pip-version-check"};
    arguments.insert(arguments.end(), request_.requirements.begin(), request_.requirements.end());
    ChildOutput asked;
    absl::Status status = start(core_.executable, arguments, &asked);
    std::vector<std::string> wanted;
    bool no_dependencies = true;
    if (!status.ok() && asked.diagnostics.find("no such option") != std::string::npos) {
      // Before pip 22.2: everything is brought, and what core has is taken out again.
      wanted = request_.requirements;
      no_dependencies = false;
    } else if (!status.ok()) {
      say(asked.out + asked.diagnostics);
      return status;
    } else {
      absl::StatusOr<std::vector<std::string>> missing = read_report(report);
      if (!missing.ok()) return missing.status();
      if (missing->empty()) return absl::OkStatus();
      wanted = std::move(*missing);
    }
    arguments = {"-I",
                 "-B",
                 "-m",
                 "pip",
                 "install",
                 "--target",
                 staging_.fresh,
                 "--constraint",
                 staging_.constraints,
                 "--no-input",
                 "--no-compile",
                 "--disable-pip-version-check",
                 "--no-warn-script-location"};
    if (no_dependencies) arguments.emplace_back("--no-deps");
    arguments.insert(arguments.end(), wanted.begin(), wanted.end());
    return start(core_.executable, std::move(arguments));
  }

  absl::StatusOr<std::vector<std::string>> read_report(const std::string& path) const {
    const std::optional<std::string> text = read_whole_file(path);
    const nlohmann::json report =
        text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
    std::vector<std::string> wanted;
    if (!report.is_object() || !report.contains("install") || !report["install"].is_array())
      return absl::FailedPreconditionError("pip's report of what is missing cannot be read");
    for (const nlohmann::json& row : report["install"]) {
      const nlohmann::json metadata =
          row.is_object() ? row.value("metadata", nlohmann::json()) : nlohmann::json();
      if (!metadata.is_object() || !metadata.contains("name") || !metadata["name"].is_string() ||
          !metadata.contains("version") || !metadata["version"].is_string()) {
        return absl::FailedPreconditionError("pip's report of what is missing cannot be read");
      }
      const std::string requirement =
          metadata["name"].get<std::string>() + "==" + metadata["version"].get<std::string>();
      // Metadata comes from an index; it must not become an option or a path.
      if (const std::string problem = requirement_problem(requirement); !problem.empty()) {
        return absl::FailedPreconditionError(
            cli::cat("the index offers \"", requirement, "\": ", problem));
      }
      wanted.push_back(requirement);
    }
    return wanted;
  }

  // uv ignores with --target whatever is installed. Core's packages, which it brings at core's
  // versions, are taken out again. Its links into its own cache would be shared by all that it ever
  // installs, and gone with the cache.
  absl::Status install_with_uv(const std::string& uv) const {
    std::vector<std::string> arguments = {"pip",
                                          "install",
                                          "--python",
                                          core_.executable,
                                          "--target",
                                          staging_.fresh,
                                          "--constraint",
                                          staging_.constraints,
                                          "--link-mode",
                                          "copy",
                                          "--no-compile-bytecode"};
    arguments.insert(arguments.end(), request_.requirements.begin(), request_.requirements.end());
    absl::Status status = start(uv, std::move(arguments));
    // uv locks the directory that it fills, and leaves the lock there.
    std::error_code ignored;
    fs::remove(staging_.fresh + "/.lock", ignored);
    return status;
  }

  static void say(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = write(STDERR_FILENO, text.data(), text.size());
      if (count <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  // Files of a distribution, without those that are nowhere below the layer.
  static void remove_distribution(const SiteDirectory& place, const Distribution& distribution) {
    if (const auto record = read_record(place, distribution); record.ok()) {
      for (const RecordEntry& entry : *record) {
        const fs::path file = fs::path(entry.file).lexically_normal();
        if (file.empty() || file.is_absolute() || *file.begin() == "..") continue;
        std::error_code ignored;
        fs::remove(fs::path(place.path) / file, ignored);
        // A directory goes with its last file; bytecode is nobody's.
        for (fs::path above = file.parent_path(); !above.empty(); above = above.parent_path()) {
          const fs::path directory = fs::path(place.path) / above;
          fs::remove_all(directory / "__pycache__", ignored);
          if (!fs::remove(directory, ignored)) break;
        }
      }
    }
    std::error_code ignored;
    fs::remove_all(fs::path(place.path) / distribution.metadata, ignored);
  }

  absl::StatusOr<InstallResult> merge() {
    InstallResult result;
    absl::StatusOr<SiteDirectory> fresh = read_site(staging_.fresh);
    if (!fresh.ok()) return fresh.status();
    for (const Distribution& distribution : fresh->distributions) {
      const auto in_core = std::find_if(
          core_.distributions.begin(), core_.distributions.end(), [&](const auto& other) {
            return canonical_distribution_name(other.name) == distribution.canonical;
          });
      if (in_core != core_.distributions.end()) {
        remove_distribution(*fresh, distribution);
        continue;
      }
      result.installed.push_back({distribution.name, distribution.version});
    }
    if (result.installed.empty()) return result;
    if (absl::Status status = copy_tree(layer_.path(), staging_.next); !status.ok()) return status;
    absl::StatusOr<SiteDirectory> next = read_site(staging_.next);
    if (!next.ok()) return next.status();
    for (const Distribution& old : next->distributions) {
      const bool replaced =
          std::any_of(fresh->distributions.begin(), fresh->distributions.end(),
                      [&](const Distribution& other) { return other.canonical == old.canonical; });
      if (replaced) remove_distribution(*next, old);
    }
    if (absl::Status status = move_into(staging_.fresh, staging_.next); !status.ok()) return status;
    if (absl::Status status = layer_.replace_with(staging_.next); !status.ok()) return status;
    return result;
  }

  static absl::StatusOr<SiteDirectory> read_site(const std::string& path) {
    SiteDirectory place = read_site_directory(path, {});
    for (const UnreadableEntry& entry : place.unreadable) {
      return absl::ErrnoToStatus(entry.error, path + "/" + entry.file + " cannot be read");
    }
    return place;
  }

  // Directories that both have become one; a file replaces a file of its name.
  static absl::Status move_into(const fs::path& from, const fs::path& to) {
    std::error_code error;
    for (fs::directory_iterator entry(from, error), end; !error && entry != end;
         entry.increment(error)) {
      const fs::path target = to / entry->path().filename();
      const bool both = fs::is_directory(entry->symlink_status()) &&
                        fs::is_directory(fs::symlink_status(target, error));
      error.clear();
      if (both) {
        if (absl::Status status = move_into(entry->path(), target); !status.ok()) return status;
        continue;
      }
      if (fs::is_directory(fs::symlink_status(target, error))) fs::remove_all(target, error);
      error.clear();
      if (rename(entry->path().c_str(), target.c_str()) != 0)
        return absl::ErrnoToStatus(errno, target.string() + " cannot be made");
    }
    if (error) return absl::ErrnoToStatus(error.value(), from.string() + " cannot be read");
    return absl::OkStatus();
  }

  const InstallRequest& request_;
  const PythonFacts& core_;
  DurableLayer& layer_;
  Staging staging_;
};

}  // namespace

std::string constraints_of(const std::vector<InstalledDistribution>& distributions) {
  std::set<std::string> lines;
  for (const InstalledDistribution& distribution : distributions) {
    const std::string line = distribution.name + "==" + distribution.version;
    if (requirement_problem(line).empty()) lines.insert(line);
  }
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

absl::StatusOr<InstallResult> install_into_layer(const InstallRequest& request,
                                                 const PythonFacts& core) {
  absl::StatusOr<DurableLayer> layer = DurableLayer::open(request.directory);
  if (!layer.ok()) return layer.status();
  const std::optional<LayerStamp> stamp = read_stamp(layer->path());
  if (!stamp) {
    return absl::InvalidArgumentError(layer->path() +
                                      " is no layer yet: make it with `hfoffline layer prepare`");
  }
  if (!fits(*stamp, stamp_of(core))) {
    return absl::InvalidArgumentError(layer->path() + " was made for " + describe(*stamp) +
                                      ", and not for " + describe(stamp_of(core)) +
                                      ": see `hfoffline layer prepare --wipe-stale`");
  }
  return Installation(request, core, *layer).run();
}

}  // namespace hfoffline::layers
