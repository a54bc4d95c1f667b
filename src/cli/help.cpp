#include "cli/help.h"

#include <algorithm>

#include "cli/string_tools.h"
#include "core/config_values.h"

namespace hfoffline::cli {
namespace {

constexpr std::size_t kWidth = 79;

struct Row {
  std::string left;
  std::string right;
};

std::string table(const std::vector<Row>& rows) {
  constexpr std::size_t kMaximumLeft = 24;
  std::size_t left = 0;
  for (const Row& row : rows) {
    if (row.left.size() <= kMaximumLeft) left = std::max(left, row.left.size());
  }
  std::string result;
  for (const Row& row : rows) {
    append(&result, "  ", row.left);
    if (row.left.size() > left) {
      append(&result, "\n", std::string(left + 4, ' '));
    } else {
      result.append(left + 2 - row.left.size(), ' ');
    }
    append(&result, wrap(row.right, kWidth - left - 4, left + 4), "\n");
  }
  return result;
}

std::string flag_text(const ShownFlag& flag) {
  std::string text = flag.letter == '\0' ? "" : cat("-", std::string_view(&flag.letter, 1), ", ");
  append(&text, "--", flag.name);
  if (!flag.value_name.empty()) append(&text, " ", flag.value_name);
  return text;
}

std::string flag_help(const ShownFlag& flag) {
  std::string result(flag.help);
  if (!flag.key) return result;
  const KeyInfo& info = key_info(*flag.key);
  if (is_list(info.type) && info.type != ValueType::preset_list)
    append(&result, "; may be repeated");
  std::size_t count = 0;
  const std::string_view* choices = choices_of(info.type, &count);
  std::string remark;
  for (std::size_t i = 0; i < count; ++i)
    append(&remark, i == 0 ? "" : i + 1 < count ? ", " : " or ", choices[i]);
  if (!info.default_text.empty())
    append(&remark, remark.empty() ? "" : "; ", "default: ", info.default_text);
  if (!remark.empty()) append(&result, " (", remark, ")");
  // The flag without a value would say what is so anyway.
  if (info.type == ValueType::boolean && info.default_text == "true")
    append(&result, "; --no-", flag.name, " switches it off");
  return result;
}

std::string paragraphs(std::string_view text) {
  std::string result;
  for (;;) {
    const std::size_t end = text.find("\n\n");
    append(&result, "\n", wrap(text.substr(0, end), kWidth, 0), "\n");
    if (end == text.npos) break;
    text.remove_prefix(end + 2);
  }
  return result;
}

}  // namespace

std::string program_help() {
  std::string result =
      "Runs any command offline: it sees a pre-staged model cache, read-only, and\n"
      "cannot reach the network; every refusal is recorded.\n"
      "\n"
      "Usage: hfoffline COMMAND [ARGUMENT]...\n"
      "\n"
      "Commands:\n";
  std::vector<Row> rows;
  for (const Command& command : commands())
    rows.push_back({std::string(command.name), std::string(command.help)});
  rows.push_back({"help COMMAND", "print a command's help"});
  append(&result, table(rows), "\nFlags:\n",
         table({{"--help", "print this help"}, {"--version", "print the version"}}),
         "\n"
         "Example:\n"
         "  hfoffline run --models-dir /mnt/models -- pytest -q\n"
         "\n"
         "A guard for tests and builds, not a security boundary against hostile code.\n");
  return result;
}

std::string command_help(const Command& command) {
  const Usage& usage = *command.usage;
  std::string result = cat("Usage: ");
  append(&result,
         wrap(cat("hfoffline ", command.name, usage.synopsis.empty() ? "" : " ", usage.synopsis),
              kWidth - 7, 9),
         "\n", paragraphs(usage.description), "\nFlags:\n");
  std::vector<Row> own;
  std::vector<Row> settings;
  for (const ShownFlag& flag : flags_of(usage)) {
    const bool is_setting = flag.key.has_value() || flag.name == kConfigFlag.name;
    (is_setting ? settings : own).push_back({flag_text(flag), flag_help(flag)});
  }
  append(&result, table(own));
  if (!settings.empty()) {
    append(&result,
           "\nSettings (a flag overrides the environment, which overrides the config file):\n",
           table(settings));
  }
  append(&result,
         usage.examples.find('\n') == usage.examples.npos ? "\nExample:\n" : "\nExamples:\n");
  for (const std::string_view example : split(usage.examples, "\n")) {
    append(&result, "  ", example, "\n");
  }
  return result;
}

}  // namespace hfoffline::cli
