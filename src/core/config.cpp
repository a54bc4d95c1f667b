#include "core/config.h"

#include "core/text.h"

namespace hfoffline {
namespace {

constexpr KeyInfo kKeys[] = {
#define KEY(section, name, type, environment, flag, default_text, help) \
  {#section, #name, ValueType::type, environment, flag, default_text, help},
#include "core/config_keys.def"
#undef KEY
};

enum Need : bool { optional, required };

constexpr LayerKeyInfo kLayerKeys[] = {
#define LAYER_KEY(name, type, need, default_text, help) \
  {#name, ValueType::type, need, default_text, help},
#include "core/layer_keys.def"
#undef LAYER_KEY
};

}  // namespace

const LayerKeyInfo& layer_key_info(LayerKey key) {
  return kLayerKeys[static_cast<std::size_t>(key)];
}

const KeyInfo& key_info(Key key) { return kKeys[static_cast<std::size_t>(key)]; }

bool is_list(ValueType type) {
  switch (type) {
    case ValueType::path_list:
    case ValueType::variable_list:
    case ValueType::assignment_list:
    case ValueType::preset_list:
    case ValueType::redirect_list:
    case ValueType::allow_list:
      return true;
    default:
      return false;
  }
}

bool parse_redirect(std::string_view text, Redirect* redirect) {
  std::size_t equals = 0;
  while (equals + 1 < text.size() && !(text[equals] == '=' && text[equals + 1] == '/')) ++equals;
  if (equals + 1 >= text.size()) return false;
  redirect->from = slice(text, 0, equals);
  redirect->to = slice(text, equals + 1);
  return (redirect->from.starts_with("/") && redirect->from.size() > 1) ||
         (redirect->from.starts_with("~/") && redirect->from.size() > 2);
}

void set_defaults(Config& config) {
  config = {};
  for (std::size_t i = 0; i < kKeyCount; ++i) {
    config.settings[i].text = kKeys[i].default_text;
    config.settings[i].boolean = kKeys[i].default_text == "true";
  }
}

}  // namespace hfoffline
