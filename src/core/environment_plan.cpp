#include "core/environment_plan.h"

#include "core/text.h"

namespace hfoffline {
namespace {

constexpr std::size_t kMaximumValueBytes = 4096;
constexpr std::size_t kMaximumPresets = 64;

// Variables that decide whether the shim is loaded at all, or what it reads. The exec hooks put
// them back whatever a program does, so a setting about them could only be a misunderstanding.
bool is_ours(std::string_view name) {
  return slice(name, 0, 10) == "HFOFFLINE_" || name == "LD_PRELOAD" || name == "LD_AUDIT" ||
         name == "DYLD_INSERT_LIBRARIES";
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return slice(text, 0, prefix.size()) == prefix;
}

bool contains(std::string_view text, std::string_view part) {
  for (std::size_t i = 0; i + part.size() <= text.size(); ++i) {
    if (slice(text, i, part.size()) == part) return true;
  }
  return false;
}

// "a b" holds the word "b".
bool holds_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t blank = find_byte(words, ' ');
    if (slice(words, 0, blank) == word) return true;
    if (blank == std::string_view::npos) return false;
    words.remove_prefix(blank + 1);
  }
  return false;
}

std::string_view without_trailing_slash(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

void add_joined(Appender& out, std::string_view directory, std::string_view name) {
  directory = without_trailing_slash(directory);
  out.add(directory);
  if (directory != "/") out.add_byte('/');
  out.add(name);
}

class Planner {
 public:
  Planner(const EnvironmentInputs& inputs, Arena& arena, EnvironmentPlan& plan, Diagnostic& error)
      : inputs_(inputs), arena_(arena), plan_(plan), error_(error) {}

  bool reserve(std::size_t capacity) {
    void* memory = arena_.allocate(capacity * sizeof(PlannedVariable), alignof(PlannedVariable));
    plan_.variables = static_cast<PlannedVariable*>(memory);
    plan_.count = 0;
    return memory != nullptr || say_full();
  }

  bool add_preset(const Preset& preset, bool keep_proxies) {
    PresetRows rows(preset.rows);
    PresetVariable row;
    while (rows.next(&row)) {
      if ((row.proxy && keep_proxies) || !has_place(row)) continue;
      char value[kMaximumValueBytes];
      Appender text(value);
      if (row.action == PresetAction::kScratch) {
        add_joined(text, inputs_.scratch_dir, row.value);
      } else {
        expand(row.value, text);
      }
      if (text.room() == 0) return say_too_long(row.name);
      if (row.action == PresetAction::kSetIfDirectory &&
          (inputs_.directory_exists == nullptr || !inputs_.directory_exists(text.c_str())))
        continue;

      PlannedVariable variable;
      variable.set = row.action != PresetAction::kUnset;
      variable.scratch = row.action == PresetAction::kScratch;
      variable.why = row.why;
      variable.source.origin = Source::Origin::kPreset;
      variable.source.name = preset.name;
      // Presets agree about what they share, so the first one stays the source.
      if (!put(variable, row.name, text.view(), /*replace=*/false)) return false;
    }
    return true;
  }

  bool set(std::string_view name, std::string_view value, std::string_view why,
           const Source& source) {
    PlannedVariable variable;
    variable.set = true;
    variable.why = why;
    variable.source = source;
    return put(variable, name, value, /*replace=*/true);
  }

  bool unset(std::string_view name, std::string_view why, const Source& source) {
    PlannedVariable variable;
    variable.why = why;
    variable.source = source;
    return put(variable, name, {}, /*replace=*/true);
  }

  // gcc's shared libasan refuses to start behind the shim unless it is told otherwise; the last
  // option wins.
  bool add_link_order(std::string_view* asan_options) {
    constexpr std::string_view kOption = ":verify_asan_link_order=0";
    const std::size_t size = asan_options->size() + kOption.size();
    auto* text = static_cast<char*>(arena_.allocate(size, 1));
    if (text == nullptr) return say_full();
    Appender joined(text, size);
    joined.add(*asan_options).add(asan_options->empty() ? slice(kOption, 1) : kOption);
    *asan_options = joined.view();
    return true;
  }

 private:
  bool bare() const { return inputs_.layout != Layout::kHfHome; }

  // Whether everything that the row's value names is there.
  bool has_place(const PresetVariable& row) const {
    if (row.action == PresetAction::kUnset) return true;
    const bool home = contains(row.value, "{hf_home}");
    const bool scratch = row.action == PresetAction::kScratch || contains(row.value, "{scratch}") ||
                         (home && bare());
    const bool models = scratch || home || contains(row.value, "{models_dir}") ||
                        contains(row.value, "{hub_cache}");
    return !(models && inputs_.models_dir.empty()) && !(scratch && inputs_.scratch_dir.empty());
  }

  void expand(std::string_view value, Appender& out) const {
    while (!value.empty()) {
      if (starts_with(value, "{models_dir}")) {
        out.add(without_trailing_slash(inputs_.models_dir));
      } else if (starts_with(value, "{hub_cache}")) {
        if (bare()) {
          out.add(without_trailing_slash(inputs_.models_dir));
        } else {
          add_joined(out, inputs_.models_dir, "hub");
        }
      } else if (starts_with(value, "{hf_home}")) {
        if (bare()) {
          add_joined(out, inputs_.scratch_dir, kScratchHfHome);
        } else {
          out.add(without_trailing_slash(inputs_.models_dir));
        }
      } else if (starts_with(value, "{scratch}")) {
        out.add(without_trailing_slash(inputs_.scratch_dir));
      } else {
        out.add_byte(value.front());
        value.remove_prefix(1);
        continue;
      }
      value = slice(value, find_byte(value, '}') + 1);
    }
  }

  // Puts the variable where its name belongs. The array has room for every row and setting there
  // is.
  bool put(PlannedVariable variable, std::string_view name, std::string_view value, bool replace) {
    std::size_t at = 0;
    while (at < plan_.count && plan_.variables[at].name < name) ++at;
    const bool present = at < plan_.count && plan_.variables[at].name == name;
    if (present && !replace) return true;

    const std::size_t size = name.size() + (variable.set ? 1 + value.size() : 0);
    char* memory = static_cast<char*>(arena_.allocate(size + 1, 1));
    if (memory == nullptr) return say_full();
    Appender text(memory, size + 1);
    text.add(name);
    if (variable.set) text.add_byte('=').add(value);
    text.c_str();
    variable.text = {memory, size};
    variable.name = slice(variable.text, 0, name.size());
    if (variable.set) variable.value = slice(variable.text, name.size() + 1);

    if (!present) {
      for (std::size_t i = plan_.count; i > at; --i) plan_.variables[i] = plan_.variables[i - 1];
      ++plan_.count;
    }
    plan_.variables[at] = variable;
    return true;
  }

  bool say_full() {
    Appender(error_.message).add("the environment plan does not fit into its memory").c_str();
    Appender(error_.hint).add("set fewer variables in [env]").c_str();
    return false;
  }

  bool say_too_long(std::string_view name) {
    DiagnosticText(error_.message).add("the value of ").add_input(name).add(" is too long");
    Appender(error_.hint).add("use shorter paths for the models dir and scratch").c_str();
    return false;
  }

  const EnvironmentInputs& inputs_;
  Arena& arena_;
  EnvironmentPlan& plan_;
  Diagnostic& error_;
};

bool refuse_name(std::string_view setting, std::string_view name, const Source& source,
                 std::string_view why, std::string_view hint, Diagnostic& error) {
  if (source.origin == Source::Origin::kFile) {
    DiagnosticText(error.file).add_input(source.name, sizeof(error.file));
    error.line = source.line;
    error.column = source.column;
  }
  DiagnosticText message(error.message);
  message.add(setting).add(": ").add_quoted(name).add(" ").add(why);
  if (source.origin != Source::Origin::kFile) {
    char given[128];
    Appender by(given);
    append_source(source, by);
    message.add(" (given by ").add_input(by.view()).add(")");
  }
  DiagnosticText(error.hint).add(hint);
  return false;
}

bool check_name(std::string_view setting, std::string_view name, const Source& source,
                Diagnostic& error) {
  if (name.empty())
    return refuse_name(setting, name, source, "names no variable", "write NAME=VALUE", error);
  if (is_ours(name)) {
    return refuse_name(setting, name, source, "is managed by hfoffline itself",
                       "leave it out; the run's own settings decide about it", error);
  }
  return true;
}

// Which presets take part, as a bit per row of the table.
std::uint64_t select_presets(const Presets& presets, const Config& config) {
  const Setting& setting = config.at(Key::env_presets);
  bool all = !setting.given;
  for (const ListItem* item = setting.items; item != nullptr; item = item->next) {
    all = all || item->text == kAllPresets;
  }
  std::uint64_t selected = 0;
  // A preset only takes earlier ones along, so one pass from the end finds them all.
  for (std::size_t i = presets.count; i-- > 0;) {
    const Preset& preset = presets.presets[i];
    const std::uint64_t bit = std::uint64_t{1} << i;
    if (preset.name == kProxiesPreset ||
        (preset.name == kDeterministicPreset ? config.boolean(Key::env_deterministic) : all)) {
      selected |= bit;
    }
    for (const ListItem* item = setting.items; item != nullptr; item = item->next) {
      if (item->text == preset.name) selected |= bit;
    }
    if ((selected & bit) == 0) continue;
    for (std::size_t j = 0; j < i; ++j) {
      if (holds_word(preset.uses, presets.presets[j].name)) selected |= std::uint64_t{1} << j;
    }
  }
  return selected;
}

std::size_t count_items(const ListItem* item) {
  std::size_t count = 0;
  for (; item != nullptr; item = item->next) ++count;
  return count;
}

}  // namespace

bool check_environment_settings(const Config& config, Diagnostic& error) {
  const Setting& marker = config.at(Key::cache_marker);
  if (!marker.text.empty() && !check_name("[cache] marker", marker.text, marker.source, error))
    return false;
  for (const ListItem* item = config.items(Key::env_unset); item != nullptr; item = item->next) {
    if (!check_name("[env] unset", item->text, item->source, error)) return false;
  }
  for (const ListItem* item = config.items(Key::env_set); item != nullptr; item = item->next) {
    const std::size_t equals = find_byte(item->text, '=');
    if (equals == std::string_view::npos) {
      return refuse_name("[env] set", item->text, item->source, "has no value", "write NAME=VALUE",
                         error);
    }
    if (!check_name("[env] set", slice(item->text, 0, equals), item->source, error)) return false;
  }
  return true;
}

bool plan_environment(const Presets& presets, const Config& config, const EnvironmentInputs& inputs,
                      Arena& arena, EnvironmentPlan& plan, Diagnostic& error) {
  if (!check_environment_settings(config, error)) return false;
  const std::size_t preset_count =
      presets.count < kMaximumPresets ? presets.count : kMaximumPresets;
  const std::uint64_t selected = select_presets({presets.presets, preset_count}, config);
  const ListItem* unset = config.items(Key::env_unset);
  const ListItem* set = config.items(Key::env_set);
  std::size_t capacity = 3 + count_items(unset) + count_items(set);
  for (std::size_t i = 0; i < preset_count; ++i) {
    if ((selected >> i & 1) == 0) continue;
    PresetRows rows(presets.presets[i].rows);
    PresetVariable row;
    while (rows.next(&row)) ++capacity;
  }

  Planner planner(inputs, arena, plan, error);
  if (!planner.reserve(capacity)) return false;
  const bool keep_proxies = config.boolean(Key::env_keep_proxies);
  for (std::size_t i = 0; i < preset_count; ++i) {
    if ((selected >> i & 1) != 0 && !planner.add_preset(presets.presets[i], keep_proxies))
      return false;
  }

  const Setting& models_dir = config.at(Key::cache_models_dir);
  const Setting& marker = config.at(Key::cache_marker);
  if (!marker.text.empty()) {
    const std::string_view why = "[cache] marker: leads to the models dir";
    if (inputs.models_dir.empty()
            ? !planner.unset(marker.text, "[cache] marker: there is no models dir", marker.source)
            : !planner.set(marker.text, inputs.models_dir, why, marker.source))
      return false;
  }
  for (; unset != nullptr; unset = unset->next) {
    if (!planner.unset(unset->text, "[env] unset", unset->source)) return false;
  }
  for (; set != nullptr; set = set->next) {
    const std::size_t equals = find_byte(set->text, '=');
    const std::string_view name = slice(set->text, 0, equals);
    std::string_view value = slice(set->text, equals + 1);
    if (name == "ASAN_OPTIONS" && !planner.add_link_order(&value)) return false;
    if (!planner.set(name, value, "[env] set", set->source)) return false;
  }

  const Source own;
  return planner.set("HFOFFLINE_ACTIVE", inputs.version, "tells programs that they run inside",
                     own) &&
         (inputs.models_dir.empty()
              ? planner.unset("HFOFFLINE_MODELS_DIR", "there is no models dir", own)
              : planner.set("HFOFFLINE_MODELS_DIR", inputs.models_dir, "the sealed cache",
                            models_dir.source));
}

}  // namespace hfoffline
