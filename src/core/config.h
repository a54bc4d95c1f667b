// The settings of one run, from flags, environment, a file and defaults, each with its source.
//
// No heap: texts point into the caller's input or into the arena; both must outlive the Config.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/arena.h"
#include "core/diagnostic.h"
#include "core/source.h"

namespace hfoffline {

enum class Key : std::uint8_t {
#define KEY(section, name, type, environment, flag, default_text, help) section##_##name,
#include "core/config_keys.def"
#undef KEY
  count,
};

// The keys of a [[layer]] table.
enum class LayerKey : std::uint8_t {
#define LAYER_KEY(name, type, need, default_text, help) name,
#include "core/layer_keys.def"
#undef LAYER_KEY
  count,
};

enum class ValueType : std::uint8_t {
  absolute_path,
  path,
  path_list,
  layout,
  mode,
  errno_name,
  unshimmed,
  boolean,
  variable,
  variable_list,
  assignment_list,
  preset_list,
  redirect_list,
  name,
  redirect_way,
  allow_list,
  layer_name,
  layer_kind,
  layer_order,
};

struct KeyInfo {
  std::string_view section;
  std::string_view name;
  ValueType type;
  std::string_view environment;
  std::string_view flag;
  std::string_view default_text;
  std::string_view help;
};

inline constexpr std::size_t kKeyCount = static_cast<std::size_t>(Key::count);

const KeyInfo& key_info(Key key);

struct LayerKeyInfo {
  std::string_view name;
  ValueType type;
  bool required;
  std::string_view default_text;
  std::string_view help;
};

inline constexpr std::size_t kLayerKeyCount = static_cast<std::size_t>(LayerKey::count);
inline constexpr std::size_t kMaximumLayers = 64;

const LayerKeyInfo& layer_key_info(LayerKey key);

bool is_list(ValueType type);

struct ListItem {
  std::string_view text;
  Source source;
  const ListItem* next = nullptr;
};

// One setting. Scalars use text (and boolean); lists use items. When nothing was given, `given` is
// false and text holds the default. A list that was given has an empty text; "all" among the
// presets stands in `items` as every name there is. `source` is the strongest that gave a value.
struct Setting {
  bool given = false;
  bool boolean = false;
  std::string_view text;
  Source source;
  ListItem* items = nullptr;
  ListItem* last = nullptr;
};

// One [[layer]] table. Its settings are scalars; those with a default have a text in any case.
struct LayerTable {
  Setting settings[kLayerKeyCount];
  std::uint32_t order = 0;  // as given, else its place in the file, from 1
  Source source;            // where its [[layer]] stands
  LayerTable* next = nullptr;

  const Setting& at(LayerKey key) const { return settings[static_cast<std::size_t>(key)]; }
  std::string_view text(LayerKey key) const { return at(key).text; }
};

struct Config {
  Setting settings[kKeyCount];
  LayerTable* layers = nullptr;  // in the order of the file; no two have the same name
  std::string_view file;         // the config file in use, or empty

  Setting& at(Key key) { return settings[static_cast<std::size_t>(key)]; }
  const Setting& at(Key key) const { return settings[static_cast<std::size_t>(key)]; }
  std::string_view text(Key key) const { return at(key).text; }
  bool boolean(Key key) const { return at(key).boolean; }
  const ListItem* items(Key key) const { return at(key).items; }
};

// One item of [cache] redirect. `from` may start with "~/", which the home directory stands for; a
// "=" in it does not count unless a "/" comes behind it.
struct Redirect {
  std::string_view from;
  std::string_view to;
};
bool parse_redirect(std::string_view text, Redirect* redirect);

// Names that are legal in [env] presets, next to "all"; given by the caller because presets are
// data outside core.
inline constexpr std::string_view kAllPresets = "all";
// "all" means every other one: this one is taken by its name, or by [env] deterministic.
inline constexpr std::string_view kDeterministicPreset = "deterministic";
struct PresetNames {
  const std::string_view* names = nullptr;
  std::size_t count = 0;
};

// Fills every setting with its default.
void set_defaults(Config& config);

// Reads a whole config file. Rejects anything but UTF-8 without NUL bytes, and files over
// kMaximumConfigBytes. `file` is its name for messages and sources; it and `text` must stay alive.
// Returns false and fills `error` at the first mistake; `config` is then unusable.
//
// Call the weakest source first: set_defaults, read_config, apply_environment, then apply_override
// for each flag. Every call overrides the scalars, and the [env] presets, that weaker sources gave,
// and adds to their other lists; each list item keeps the Source it came from.
bool read_config(std::string_view file, std::string_view text, const PresetNames& presets,
                 Arena& arena, Config& config, Diagnostic& error);

// Applies one override from a flag (source.origin kFlag, source.name "--allow") or a variable
// (kEnvironment, "HFOFFLINE_ALLOW"). A variable's list is split: at colons for paths, else at
// commas, with blanks around items dropped. A flag of list type is one item per call, except that
// --presets is split at commas; the items of repeated flags add up, those of --presets too. Same
// errors as read_config, without file and line: the message starts with source.name, and the column
// is that in `value`. `value` and source.name must stay alive.
bool apply_override(Key key, std::string_view value, Source source, const PresetNames& presets,
                    Arena& arena, Config& config, Diagnostic& error);

// Applies every HFOFFLINE_* variable of config_keys.def that `environment` (NULL-terminated, may be
// null) holds. An empty value is an error, not "unset": it is what a broken CI expression leaves.
bool apply_environment(const char* const* environment, const PresetNames& presets, Arena& arena,
                       Config& config, Diagnostic& error);

inline constexpr std::size_t kMaximumConfigBytes = 1 << 20;

}  // namespace hfoffline
