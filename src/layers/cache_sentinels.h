// Places of a check's own that caches are looked for in: each has the same sentinels and its name,
// so that what a client returns tells which of them it opened.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/run_plan.h"
#include "layers/checker.h"

namespace hfoffline::layers {

inline constexpr std::string_view kSentinelRepository = "hfoffline/sentinel";
inline constexpr std::string_view kSentinelCommit = "5e17e15e17e15e17e15e17e15e17e15e17e15e17";
inline constexpr std::string_view kSentinelUrl = "https://hfoffline.invalid/sentinel.tiktoken";
// The file with a place's name, at its top.
inline constexpr std::string_view kPlaceFile = ".hfoffline-place";

// Names of places; what a variable or a redirect names has a place of its own, with its name.
inline constexpr std::string_view kSealedPlace = "sealed";
inline constexpr std::string_view kDefaultPlace = "default";
inline constexpr std::string_view kWorkPlace = "work";

class CacheSentinels {
 public:
  // `directory` is empty, canonical and the check's own; `plan` is that of a run as it would be
  // now.
  CacheSentinels(const ShadowRequest& request, const RunPlan& plan, std::string directory);

  // Makes the places: a models dir with the layout and the parts of the real one, the default
  // locations, and stand-ins for what variables and redirects of now name.
  absl::Status plant();

  std::string models() const { return directory_ + "/models"; }
  std::string home() const { return directory_ + "/home"; }
  std::string temporary() const { return directory_ + "/tmp"; }
  std::string work() const { return directory_ + "/work"; }
  // A config file with the settings that decide what a run does to clients, about these places.
  std::string config_file() const { return directory_ + "/run.toml"; }
  std::string empty_config_file() const { return directory_ + "/empty.toml"; }

  // By variable, what it is to be instead of its value now.
  const std::map<std::string, std::string>& variables() const { return variables_; }
  // What the variable or the redirect of this place names in reality; "" if it is none.
  std::string real_path(std::string_view place) const;

  // The name of the place that `path` is in, as the file system has it; "" if it is in none.
  static std::string place_of(const std::string& path);
  // The same for a process of the run, in which the redirects are in force.
  std::string place_in_run(const std::string& path) const;
  // "~/.cache/x" and "$TMPDIR/x" as paths of these places, and back.
  std::string expand(std::string_view location) const;
  std::string abbreviate(std::string_view path) const;
  // The first path in a program's output that is in a place; "" if there is none. One at the very
  // end of the output may be incomplete, and does not count.
  std::string first_place_in(std::string_view output) const;

  // Whether the models dir has what the preset leads a client to only where it is staged. True for
  // presets that do not ask for that, and without a models dir.
  bool is_staged(std::string_view preset) const;
  // Where that is to be: "torch"; "" for presets that do not ask.
  static std::string staging_directory(std::string_view preset);

 private:
  absl::Status plant_contents(const std::string& directory) const;
  absl::Status plant_place(const std::string& directory, std::string_view name);
  absl::Status plant_variable(const std::string& name, std::string_view value);
  absl::Status write_config();
  // The stand-in for a directory of now, below the models dir where the real one is; "" if there is
  // none yet.
  std::string below_models(std::string_view path) const;

  const ShadowRequest& request_;
  const RunPlan& plan_;
  std::string directory_;
  std::map<std::string, std::string> variables_;
  std::map<std::string, std::string> redirects_;  // of these places, from and to
  std::map<std::string, std::string, std::less<>> real_paths_;
};

}  // namespace hfoffline::layers
