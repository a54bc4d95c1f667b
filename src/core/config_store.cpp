#include "core/config_store.h"

namespace hfoffline {
namespace {

bool add(std::string_view text, const Source& source, Arena& arena, Setting& setting) {
  auto* item = arena.make<ListItem>();
  if (item == nullptr) return false;
  item->text = text;
  item->source = source;
  if (setting.items == nullptr) {
    setting.items = item;
  } else {
    setting.last->next = item;
  }
  setting.last = item;
  return true;
}

bool has(const Setting& setting, std::string_view text) {
  for (const ListItem* item = setting.items; item != nullptr; item = item->next) {
    if (item->text == text) return true;
  }
  return false;
}

bool add_preset(std::string_view name, const Source& source, Arena& arena, Setting& setting) {
  return has(setting, name) || add(name, source, arena, setting);
}

}  // namespace

void store_scalar(Key key, std::string_view text, const Source& source, Config& config) {
  Setting& setting = config.at(key);
  setting.given = true;
  setting.text = text;
  setting.boolean = text == "true";
  setting.source = source;
}

void begin_list(Key key, const Source& source, Config& config) {
  Setting& setting = config.at(key);
  const bool repeated_flag = setting.given && setting.source.origin == source.origin &&
                             source.origin == Source::Origin::kFlag;
  if (key_info(key).type == ValueType::preset_list && !repeated_flag) {
    setting.items = nullptr;
    setting.last = nullptr;
  }
  setting.given = true;
  setting.text = {};
  setting.source = source;
}

bool store_item(Key key, std::string_view text, const Source& source, const PresetNames& presets,
                Arena& arena, Config& config) {
  Setting& setting = config.at(key);
  if (key_info(key).type != ValueType::preset_list) return add(text, source, arena, setting);
  if (text != kAllPresets) return add_preset(text, source, arena, setting);
  for (std::size_t i = 0; i < presets.count; ++i) {
    if (presets.names[i] == kDeterministicPreset) continue;
    if (!add_preset(presets.names[i], source, arena, setting)) return false;
  }
  return true;
}

}  // namespace hfoffline
