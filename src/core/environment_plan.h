// What a run does to the environment: computed once from presets, config and layout; used by the
// policy builder and by `hfoffline env`. No heap; no I/O but asking whether a directory exists.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/arena.h"
#include "core/config.h"
#include "core/layout.h"
#include "core/source.h"

namespace hfoffline {

enum class PresetAction : std::uint8_t {
  kSet,
  kSetIfDirectory,  // set only if the value is an existing directory
  kUnset,
  kScratch,
};

// One row of a preset data file (src/presets/*.def).
struct PresetVariable {
  PresetAction action = PresetAction::kUnset;
  std::string_view name;
  // For kSet and kSetIfDirectory: the value, in which {models_dir}, {hub_cache}, {hf_home} and
  // {scratch} are replaced. For kScratch: the directory below the scratch directory that the
  // variable is pointed to; a trailing slash is kept.
  std::string_view value;
  std::string_view why;    // one clause for --explain
  std::string_view since;  // first client version that reads it, "" if always
  std::string_view until;  // last client version that reads it, "" if still
  bool proxy = false;      // left alone when [env] keep_proxies
};

// Walks the rows of one preset. They are packed into one constant text, since a table of pointers
// would cost every process the shim enters a relocation per text and the pages they are in.
// Per row: the action ('S', 'D', 'U', 'T', or 'P' for an unset proxy), then name, value, why, since
// and until, each ended by a NUL.
class PresetRows {
 public:
  constexpr explicit PresetRows(std::string_view packed) : rest_(packed) {}

  // Reads the next row; false at the end (or where the text is cut short, which presets.cpp rules
  // out for ours at compile time).
  constexpr bool next(PresetVariable* row) {
    if (rest_.empty()) return false;
    const char action = rest_.front();
    rest_.remove_prefix(1);
    row->action = action == 'S'   ? PresetAction::kSet
                  : action == 'D' ? PresetAction::kSetIfDirectory
                  : action == 'T' ? PresetAction::kScratch
                                  : PresetAction::kUnset;
    row->proxy = action == 'P';
    return field(&row->name) && field(&row->value) && field(&row->why) && field(&row->since) &&
           field(&row->until);
  }
  constexpr bool at_end() const { return rest_.empty(); }

 private:
  constexpr bool field(std::string_view* text) {
    const std::size_t length = find_byte(rest_, '\0');
    if (length == std::string_view::npos) return false;
    *text = slice(rest_, 0, length);
    rest_.remove_prefix(length + 1);
    return true;
  }

  std::string_view rest_;
};

struct Preset {
  std::string_view name;   // as in [env] presets
  std::string_view title;  // "huggingface_hub (Python)"
  std::string_view uses;   // names of earlier presets it takes along, separated by blanks
  std::string_view rows;   // for PresetRows
};

struct Presets {
  const Preset* presets = nullptr;
  std::size_t count = 0;
};

struct PlannedVariable {
  bool set = false;  // else: unset
  std::string_view name;
  std::string_view text;   // "NAME=VALUE" for set, "NAME" for unset; NUL-terminated in the arena
  std::string_view value;  // the part of text after '=', or empty
  std::string_view why;
  Source source;         // the preset, or the config line, that decided
  bool scratch = false;  // the value is a directory below scratch that must be made before the run
};

struct EnvironmentPlan {
  PlannedVariable* variables = nullptr;  // in order of name
  std::size_t count = 0;
};

struct EnvironmentInputs {
  std::string_view models_dir;  // canonical; may be empty (then no cache variable is set)
  Layout layout = Layout::kUnknown;
  std::string_view scratch_dir;  // absolute
  std::string_view version;      // value of HFOFFLINE_ACTIVE
  // Asked for kSetIfDirectory rows, with a NUL-terminated path; null leaves those rows out.
  bool (*directory_exists)(const char* path) = &is_directory;
};

// The preset whose variables are managed whatever [env] presets says: [env] keep_proxies decides
// about them, since a proxy would be a way out for every client.
inline constexpr std::string_view kProxiesPreset = "proxies";

// Where HF_HOME leads below the scratch directory when the models dir is a bare hub cache.
inline constexpr std::string_view kScratchHfHome = "hf-home";

// Whether every name in [cache] marker, [env] unset and [env] set may be set: false, with `error`
// filled, at the first that is none or ours (HFOFFLINE_*, LD_PRELOAD and the like).
bool check_environment_settings(const Config& config, Diagnostic& error);

// Later wins: presets in table order (two that disagree about a name do not compile), then [cache]
// marker, then [env] unset, then [env] set (the last one of a name). HFOFFLINE_ACTIVE and
// HFOFFLINE_MODELS_DIR are always part of the plan, the latter as unset when there is no models
// dir.
//
// {hub_cache} and {hf_home} are <models_dir>/hub and <models_dir> in the hf-home layout, else
// <models_dir> and <scratch>/hf-home. Without a models dir nothing is sealed: every variable that
// would lead to it or to scratch is left alone, offline variables and unsets stay. Without a
// scratch directory the variables that would lead there are left alone.
//
// Returns false and fills `error` if the arena is full or check_environment_settings says so.
bool plan_environment(const Presets& presets, const Config& config, const EnvironmentInputs& inputs,
                      Arena& arena, EnvironmentPlan& plan, Diagnostic& error);

}  // namespace hfoffline
