// `hfoffline check-config`: is this file right, and what does it say?
#include <cerrno>
#include <cstring>

#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/message.h"
#include "cli/run_settings.h"
#include "cli/standard_output.h"
#include "cli/string_tools.h"
#include "core/environment_plan.h"
#include "core/settings.h"
#include "presets/presets.h"

namespace hfoffline::cli {
namespace {

std::string value_of(const KeyInfo& info, const Setting& setting) {
  if (info.type == ValueType::boolean) return setting.boolean ? "true" : "false";
  if (!is_list(info.type)) return cat("\"", printable(setting.text), "\"");
  std::string text = "[";
  for (const ListItem* item = setting.items; item != nullptr; item = item->next) {
    append(&text, item == setting.items ? "" : ", ", "\"", printable(item->text), "\"");
  }
  return text + "]";
}

std::string digest(const Config& config) {
  std::string text;
  for (int i = 0; i < static_cast<int>(Key::count); ++i) {
    const auto key = static_cast<Key>(i);
    const KeyInfo& info = key_info(key);
    if (!config.at(key).given) continue;
    append(&text, "  [", info.section, "] ", info.name, " = ", value_of(info, config.at(key)),
           "\n");
  }
  for (const LayerTable* layer = config.layers; layer != nullptr; layer = layer->next) {
    append(&text, "  [[layer]]\n");
    for (std::size_t i = 0; i < kLayerKeyCount; ++i) {
      const auto key = static_cast<LayerKey>(i);
      const LayerKeyInfo& info = layer_key_info(key);
      if (!layer->at(key).given) continue;
      const std::string_view quote = info.type == ValueType::layer_order ? "" : "\"";
      append(&text, "    ", info.name, " = ", quote, printable(layer->text(key)), quote, "\n");
    }
  }
  return text.empty() ? "  every setting has its default\n" : text;
}

}  // namespace

const Usage check_config_usage = {
    .synopsis = "FILE",
    .description =
        "Reads a config file as a run would, and prints what it sets; or says where it is wrong "
        "and what would be "
        "right. Whether the directories that it names exist is not looked at.\n\nExit code: 0 the "
        "file is right; 2 it is not.",
    .examples = "hfoffline check-config hfoffline.toml",
    .flags = {},
    .takes_settings = false,
    .positionals = Positionals::kOne,
};

int check_config_command(const Context&, const Arguments& arguments) {
  const std::string path(arguments.positionals[0]);
  ArenaMemory memory;
  std::string_view text;
  if (const int failure = read_file(path.c_str(), memory.arena(), &text); failure != 0) {
    error(failure == EFBIG ? cat(printable(path), " is larger than 1 MiB: this is no config file")
          : failure == ESPIPE
              ? cat(printable(path), " is a fifo, not a file: give a file that can be read twice")
              : cat(printable(path), " cannot be read: ", std::strerror(failure)));
    return kWrongUse;
  }
  Config config;
  set_defaults(config);
  Diagnostic problem;
  if (!read_config(path, text, known_preset_names(), memory.arena(), config, problem) ||
      !check_environment_settings(config, problem)) {
    error(problem);
    return kWrongUse;
  }
  return print(cat(printable(path), ": ok\n", digest(config)));
}

}  // namespace hfoffline::cli
