#include "presets/presets.h"

namespace hfoffline {
namespace {

// First pass over the list: one text per library.
#define PRESET(name, title, uses) constexpr char name##_rows[] = ""
#define PRESET_END ;
#define ROW(action, name, value, why, since, until) \
  action name "\0" value "\0" why "\0" since "\0" until "\0"
#define SET(name, value, why, since, until) ROW("S", name, value, why, since, until)
#define SET_IF_DIRECTORY(name, value, why, since, until) ROW("D", name, value, why, since, until)
#define UNSET(name, why, since, until) ROW("U", name, "", why, since, until)
#define UNSET_PROXY(name, why) ROW("P", name, "", why, "", "")
#define SCRATCH(name, directory, why, since, until) ROW("T", name, directory, why, since, until)
#include "presets/presets.def"
#undef PRESET
#undef PRESET_END
#undef SET
#undef SET_IF_DIRECTORY
#undef UNSET
#undef UNSET_PROXY
#undef SCRATCH
#undef ROW

// Second pass: the list itself.
#define PRESET(name, title, uses) {#name, title, uses, {name##_rows, sizeof(name##_rows) - 1}},
#define PRESET_END
#define SET(name, value, why, since, until)
#define SET_IF_DIRECTORY(name, value, why, since, until)
#define UNSET(name, why, since, until)
#define UNSET_PROXY(name, why)
#define SCRATCH(name, directory, why, since, until)
constexpr Preset kPresets[] = {
#include "presets/presets.def"
};
#undef PRESET

// Third pass: the names.
#define PRESET(name, title, uses) #name,
constexpr std::string_view kNames[] = {
#include "presets/presets.def"
};

constexpr std::size_t kPresetCount = sizeof(kPresets) / sizeof(kPresets[0]);
constexpr std::size_t kMaximumRows = 512;

// What follows is checked while compiling: a wrong row does not build.
constexpr bool is_variable_name(std::string_view name) {
  if (name.empty() || is_ascii_digit(name.front())) return false;
  for (const char c : name) {
    if (!is_ascii_digit(c) && c != '_' && (ascii_lower(c) < 'a' || ascii_lower(c) > 'z'))
      return false;
  }
  return true;
}

constexpr bool has_known_placeholders(std::string_view value) {
  while (!value.empty()) {
    const std::size_t open = find_byte(value, '{');
    if (open == std::string_view::npos) return find_byte(value, '}') == std::string_view::npos;
    const std::size_t close = find_byte(value, '}', open);
    if (close == std::string_view::npos) return false;
    const std::string_view name = slice(value, open + 1, close - open - 1);
    if (name != "models_dir" && name != "hub_cache" && name != "hf_home" && name != "scratch")
      return false;
    value = slice(value, close + 1);
  }
  return true;
}

constexpr bool is_good_value(const PresetVariable& row) {
  switch (row.action) {
    case PresetAction::kUnset:
      return row.value.empty();
    case PresetAction::kScratch:
      return !row.value.empty() && row.value.front() != '/' && row.value.front() != '.' &&
             find_byte(row.value, '{') == std::string_view::npos && row.value != kScratchHfHome;
    default:
      return !row.value.empty() && has_known_placeholders(row.value);
  }
}

struct AllRows {
  PresetVariable rows[kMaximumRows];
  std::size_t count = 0;
  bool good = true;
};

constexpr AllRows gather_rows() {
  AllRows all;
  for (const Preset& preset : kPresets) {
    PresetRows rows(preset.rows);
    PresetVariable row;
    while (rows.next(&row)) {
      if (all.count == kMaximumRows || row.why.empty() || !is_variable_name(row.name) ||
          !is_good_value(row)) {
        all.good = false;
        return all;
      }
      all.rows[all.count++] = row;
    }
    all.good = all.good && rows.at_end() && !preset.rows.empty();
  }
  return all;
}

constexpr bool agree(const AllRows& all) {
  for (std::size_t i = 0; i < all.count; ++i) {
    const PresetVariable& row = all.rows[i];
    for (std::size_t j = 0; j < i; ++j) {
      const PresetVariable& other = all.rows[j];
      if (row.name == other.name &&
          (row.action != other.action || row.value != other.value || row.proxy != other.proxy))
        return false;
    }
  }
  return true;
}

constexpr bool use_only_earlier_presets() {
  for (std::size_t i = 0; i < kPresetCount; ++i) {
    std::string_view rest = kPresets[i].uses;
    while (!rest.empty()) {
      const std::size_t blank = find_byte(rest, ' ');
      bool found = false;
      for (std::size_t j = 0; j < i; ++j) found = found || kNames[j] == slice(rest, 0, blank);
      if (!found) return false;
      rest = blank == std::string_view::npos ? std::string_view() : slice(rest, blank + 1);
    }
  }
  return true;
}

constexpr bool has_name(std::string_view name) {
  for (const std::string_view candidate : kNames) {
    if (candidate == name) return true;
  }
  return false;
}

static_assert(gather_rows().good, "a preset row is malformed");
static_assert(agree(gather_rows()), "two presets disagree about a variable");
static_assert(use_only_earlier_presets(), "a preset uses one that is not listed before it");
static_assert(has_name(kProxiesPreset), "environment_plan.h names a preset that is not there");
static_assert(has_name(kDeterministicPreset), "config.h names a preset that is not there");
static_assert(kPresetCount <= 64, "environment_plan.cpp keeps the selected presets in 64 bits");

constexpr Presets kPresetTable = {kPresets, kPresetCount};
constexpr PresetNames kNameTable = {kNames, kPresetCount};

}  // namespace

const Presets& known_presets() { return kPresetTable; }
const PresetNames& known_preset_names() { return kNameTable; }

}  // namespace hfoffline
