#include "cli/arguments.h"

#include <string>

#include "absl/status/status.h"
#include "cli/string_tools.h"
#include "core/suggest.h"

namespace hfoffline::cli {
namespace {

std::string_view value_name_of(ValueType type) {
  switch (type) {
    case ValueType::absolute_path:
    case ValueType::path_list:
      return "DIR";
    case ValueType::path:
      return "FILE";
    case ValueType::layout:
      return "LAYOUT";
    case ValueType::mode:
      return "MODE";
    case ValueType::errno_name:
      return "ERRNO";
    case ValueType::unshimmed:
      return "ACTION";
    case ValueType::boolean:
      return "";
    case ValueType::variable:
    case ValueType::variable_list:
      return "NAME";
    case ValueType::assignment_list:
      return "NAME=VALUE";
    case ValueType::name:
      return "TEXT";
    case ValueType::redirect_list:
      return "FROM=TO";
    case ValueType::redirect_way:
      return "WAY";
    case ValueType::preset_list:
      return "NAMES";
    case ValueType::allow_list:
      return "HOST";
    case ValueType::layer_name:
    case ValueType::layer_kind:
    case ValueType::layer_order:
      break;
  }
  return "VALUE";
}

struct FoundFlag {
  std::string_view name;
  bool takes_value = false;
  std::optional<Key> key;
};

std::optional<FoundFlag> find_flag(const Usage& usage, std::string_view name) {
  for (const ShownFlag& flag : flags_of(usage)) {
    if (flag.name == name) return FoundFlag{flag.name, !flag.value_name.empty(), flag.key};
  }
  return std::nullopt;
}

// The long name of "-o", or "".
std::string_view name_of_letter(const Usage& usage, std::string_view text) {
  for (const ShownFlag& flag : flags_of(usage)) {
    if (flag.letter != '\0' && text.size() == 2 && text[1] == flag.letter) return flag.name;
  }
  return "";
}

absl::Status unknown_flag(const Usage& usage, std::string_view name) {
  Suggestion suggestion(name);
  for (const ShownFlag& flag : flags_of(usage)) suggestion.offer(flag.name);
  std::string message = cat("unknown flag --", name);
  if (!suggestion.best().empty()) append(&message, "; did you mean --", suggestion.best(), "?");
  return absl::InvalidArgumentError(message);
}

// ": FILE..." of "[FLAG]... FILE...": what cannot be left out.
std::string needed(const Usage& usage) {
  std::string_view text = usage.synopsis;
  while (text.starts_with('[')) {
    const std::size_t end = text.find(' ', text.find(']'));
    if (end == text.npos) return "";
    text.remove_prefix(end + 1);
  }
  return text.empty() ? "" : cat(": ", text);
}

// The flag at `*at`, with its value; `*at` moves on to a value that is a text of its own.
absl::StatusOr<GivenFlag> read_flag(const Usage& usage, std::span<const std::string_view> texts,
                                    std::size_t* at) {
  std::string_view name = texts[*at];
  if (name.starts_with("--")) {
    name.remove_prefix(2);
  } else {
    name = name_of_letter(usage, name);
    if (name.empty()) {
      return absl::InvalidArgumentError(
          cat("unknown flag ", texts[*at], "; long flags start with two dashes"));
    }
  }
  std::optional<std::string_view> value;
  if (const std::size_t equals = name.find('='); equals != name.npos) {
    value = name.substr(equals + 1);
    name = name.substr(0, equals);
  }
  std::optional<FoundFlag> flag = find_flag(usage, name);
  if (!flag && name.starts_with("no-")) {
    flag = find_flag(usage, name.substr(3));
    if (flag && (flag->takes_value || value)) flag.reset();
    if (flag) value = "false";
  }
  if (!flag) return unknown_flag(usage, name);
  if (!flag->takes_value) {
    value = value.value_or("true");
    if (*value != "true" && *value != "false") {
      return absl::InvalidArgumentError(
          cat("--", flag->name, " is true or false, not \"", *value, "\""));
    }
  } else if (!value) {
    // `run --models-dir -- CMD` forgot the value; no setting has one that reads "--".
    if (*at + 1 == texts.size() || texts[*at + 1] == "--")
      return absl::InvalidArgumentError(cat("--", flag->name, " needs a value"));
    value = texts[++*at];
  }
  if (value->empty()) return absl::InvalidArgumentError(cat("--", flag->name, " is empty"));
  return GivenFlag{flag->name, *value, flag->key};
}

struct PositionalCount {
  std::size_t fewest;
  std::size_t most;
  std::string_view too_few;
};

PositionalCount count_of(Positionals positionals) {
  constexpr std::size_t kNoLimit = std::string_view::npos;
  switch (positionals) {
    case Positionals::kNone:
      return {0, 0, ""};
    case Positionals::kOne:
      return {1, 1, "an argument is missing"};
    case Positionals::kTwo:
      return {2, 2, "two arguments are needed"};
    case Positionals::kMany:
      return {1, kNoLimit, "an argument is missing"};
    case Positionals::kCommand:
      return {1, kNoLimit, "no command to run is given"};
    case Positionals::kAny:
      break;
  }
  return {0, kNoLimit, ""};
}

absl::Status check_positionals(const Usage& usage, const std::vector<std::string_view>& given) {
  const PositionalCount count = count_of(usage.positionals);
  if (given.size() > count.most)
    return absl::InvalidArgumentError(cat("unexpected argument \"", given[count.most], "\""));
  if (given.size() >= count.fewest) return absl::OkStatus();
  // "no command to run is given" says it all.
  const bool is_command = usage.positionals == Positionals::kCommand;
  return absl::InvalidArgumentError(cat(count.too_few, is_command ? "" : needed(usage)));
}

}  // namespace

std::vector<ShownFlag> flags_of(const Usage& usage) {
  std::vector<ShownFlag> result;
  const auto add = [&](const Flag& flag) {
    result.push_back(
        {flag.name, flag.value_name, flag.help, std::nullopt, flag.letter, flag.repeats});
  };
  const auto add_setting = [&](Key key) {
    const KeyInfo& info = key_info(key);
    if (!info.flag.empty()) result.push_back({info.flag, value_name_of(info.type), info.help, key});
  };
  if (usage.takes_settings) add(kConfigFlag);
  if (usage.takes_settings) {
    for (int i = 0; i < static_cast<int>(Key::count); ++i) add_setting(static_cast<Key>(i));
  }
  for (const Flag& flag : usage.flags) add(flag);
  add(kHelpFlag);
  add(kVersionFlag);
  return result;
}

bool Arguments::has(std::string_view name) const { return value(name) == "true"; }

bool Arguments::given(std::string_view name) const {
  for (const GivenFlag& flag : flags) {
    if (flag.name == name) return true;
  }
  return false;
}

std::string_view Arguments::value(std::string_view name) const {
  std::string_view result;
  for (const GivenFlag& flag : flags) {
    if (flag.name == name) result = flag.value;
  }
  return result;
}

std::vector<std::string_view> Arguments::values(std::string_view name) const {
  std::vector<std::string_view> result;
  for (const GivenFlag& flag : flags) {
    if (flag.name == name) result.push_back(flag.value);
  }
  return result;
}

absl::StatusOr<Arguments> parse_arguments(const Usage& usage,
                                          std::span<const std::string_view> texts) {
  Arguments result;
  bool flags_ended = false;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string_view text = texts[i];
    if (flags_ended || text.size() < 2 || text[0] != '-') {
      result.positionals.push_back(text);
      flags_ended = flags_ended || usage.positionals == Positionals::kCommand;
    } else if (text == "--") {
      flags_ended = true;
    } else {
      const absl::StatusOr<GivenFlag> flag = read_flag(usage, texts, &i);
      if (!flag.ok()) return flag.status();
      result.flags.push_back(*flag);
    }
  }
  // Asking for help is right whatever else is missing.
  if (result.has(kHelpFlag.name) || result.has(kVersionFlag.name)) return result;
  if (absl::Status status = check_positionals(usage, result.positionals); !status.ok())
    return status;
  return result;
}

}  // namespace hfoffline::cli
