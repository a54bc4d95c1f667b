#include "core/config_values.h"

#include "core/allow_rule.h"
#include "core/errnos.h"
#include "core/suggest.h"

namespace hfoffline {
namespace {

// The kernel's limit, terminating NUL included: a longer path could never be opened.
constexpr std::size_t kMaximumPathBytes = 4096;

constexpr std::string_view kLayouts[] = {"auto", "hf-home", "hub-cache"};
constexpr std::string_view kModes[] = {"refuse", "audit"};
constexpr std::string_view kUnshimmedChoices[] = {"warn", "refuse", "allow"};
constexpr std::string_view kLayerKinds[] = {"python", "libs", "cache"};
constexpr std::string_view kRedirectWays[] = {"auto", "mount", "in-process"};
constexpr std::string_view kBooleans[] = {"true", "false"};
constexpr std::string_view kConfigurableErrnos[] = {
#define ERRNO(name, may_be_configured) may_be_configured ? #name : "",
#include "core/errnos.def"
#undef ERRNO
};

// A list of words, some of which may be empty and are then left out.
struct Words {
  const std::string_view* words;
  std::size_t count;

  template <std::size_t N>
  constexpr Words(const std::string_view (&array)[N]) : words(array), count(N) {}
  constexpr Words(const std::string_view* first, std::size_t size) : words(first), count(size) {}
};

bool has(const Words& words, std::string_view wanted) {
  for (std::size_t i = 0; i < words.count; ++i) {
    if (!words.words[i].empty() && words.words[i] == wanted) return true;
  }
  return false;
}

void add_words(const Words& words, std::string_view last_separator, DiagnosticText& text) {
  std::size_t left = 0;
  for (std::size_t i = 0; i < words.count; ++i) left += words.words[i].empty() ? 0 : 1;
  bool first = true;
  for (std::size_t i = 0; i < words.count; ++i) {
    if (words.words[i].empty()) continue;
    if (!first) text.add(left == 1 ? last_separator : ", ");
    text.add_quoted(words.words[i]);
    first = false;
    --left;
  }
}

std::string_view closest(const Words& words, std::string_view typed) {
  Suggestion suggestion(typed);
  for (std::size_t i = 0; i < words.count; ++i) {
    if (!words.words[i].empty()) suggestion.offer(words.words[i]);
  }
  return suggestion.best();
}

bool fail(ValueMistake& mistake, std::size_t offset, std::string_view problem,
          std::string_view hint) {
  mistake.offset = offset;
  DiagnosticText(mistake.problem).add(problem);
  DiagnosticText(mistake.hint).add(hint);
  return false;
}

bool check_choice(const Words& choices, std::string_view value, ValueMistake& mistake) {
  if (has(choices, value)) return true;
  mistake.offset = 0;
  DiagnosticText problem(mistake.problem);
  problem.add_quoted(value).add(" is not one of ");
  add_words(choices, " and ", problem);
  const std::string_view suggestion = closest(choices, value);
  DiagnosticText hint(mistake.hint);
  if (!suggestion.empty()) {
    hint.add("did you mean ").add_quoted(suggestion).add("?");
  } else {
    hint.add("write ");
    add_words(choices, " or ", hint);
  }
  return false;
}

bool check_boolean(std::string_view value, ValueMistake& mistake) {
  if (has(kBooleans, value)) return true;
  check_choice(kBooleans, value, mistake);
  for (const std::string_view yes : {"1", "yes", "on"}) {
    if (equals_ignoring_case(value, yes)) DiagnosticText(mistake.hint).add("write \"true\"");
  }
  for (const std::string_view no : {"0", "no", "off"}) {
    if (equals_ignoring_case(value, no)) DiagnosticText(mistake.hint).add("write \"false\"");
  }
  return false;
}

bool check_errno(std::string_view value, ValueMistake& mistake) {
  int number = 0;
  if (configurable_errno(value, &number)) return true;
  check_choice(kConfigurableErrnos, value, mistake);
  if (equals_ignoring_case(value, "ETIMEDOUT")) {
    return fail(mistake, 0, "ETIMEDOUT is not possible: clients wait and retry on it",
                "write \"ENETUNREACH\", what a machine without a network says");
  }
  return false;
}

bool check_no_nul(std::string_view value, ValueMistake& mistake) {
  const std::size_t nul = find_byte(value, '\0');
  if (nul == std::string_view::npos) return true;
  return fail(mistake, nul, "a NUL character can be in no path and in no variable", "remove it");
}

bool check_path(std::string_view value, ValueMistake& mistake) {
  if (value.empty()) {
    return fail(mistake, 0, "the path is empty", "give a path, or leave the setting out");
  }
  if (!check_no_nul(value, mistake)) return false;
  if (value.size() < kMaximumPathBytes) return true;
  return fail(mistake, 0, "the path is longer than 4095 bytes", "use a shorter path");
}

bool check_name(std::string_view value, ValueMistake& mistake) {
  constexpr std::size_t kMaximumNameBytes = 200;
  if (value.empty()) {
    return fail(mistake, 0, "the name is empty", "give a name, or leave the setting out");
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto byte = static_cast<unsigned char>(value[i]);
    if (byte < 0x20 || byte == 0x7f)
      return fail(mistake, i, "a control character can be in no name", "remove it");
  }
  if (value.size() <= kMaximumNameBytes) return true;
  return fail(mistake, 0, "the name is longer than 200 bytes", "use a shorter name");
}

bool check_absolute_path(std::string_view value, ValueMistake& mistake) {
  if (!check_path(value, mistake)) return false;
  if (value[0] == '/') return true;
  mistake.offset = 0;
  DiagnosticText(mistake.problem).add_quoted(value).add(" is not an absolute path");
  std::string_view hint =
      "write the whole path from /: programs that change their directory would not agree on this "
      "one";
  if (value[0] == '~') hint = "~ is not expanded here: write the whole path from /";
  if (value[0] == '$') hint = "variables are not expanded here: write the whole path from /";
  DiagnosticText(mistake.hint).add(hint);
  return false;
}

bool is_variable_start(char c) {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || c == '_';
}

// Only names that a shell can export: anything else is a mistake more often than not.
bool check_variable_name(std::string_view name, ValueMistake& mistake) {
  if (name.empty()) {
    return fail(mistake, 0, "the variable has no name", "write a name such as MY_CACHE");
  }
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (is_variable_start(name[i]) || (i > 0 && is_ascii_digit(name[i]))) continue;
    mistake.offset = i;
    DiagnosticText(mistake.problem).add_quoted(name).add(" is not the name of a variable");
    std::string_view hint = "names have letters, digits and underscores, and start with no digit";
    if (name[i] == '=') hint = "only the name belongs here, without = and a value";
    if (name[i] == '$') hint = "write the name without $";
    DiagnosticText(mistake.hint).add(hint);
    return false;
  }
  return true;
}

bool check_assignment(std::string_view value, ValueMistake& mistake) {
  const std::size_t equals = find_byte(value, '=');
  if (equals == std::string_view::npos) {
    mistake.offset = value.size();
    DiagnosticText(mistake.problem).add_quoted(value).add(" has no = and no value");
    DiagnosticText(mistake.hint)
        .add("write NAME=VALUE; to remove a variable, name it in [env] unset");
    return false;
  }
  return check_variable_name(slice(value, 0, equals), mistake) && check_no_nul(value, mistake);
}

bool check_redirect(std::string_view value, ValueMistake& mistake) {
  Redirect redirect;
  if (!parse_redirect(value, &redirect)) {
    mistake.offset = 0;
    DiagnosticText(mistake.problem)
        .add_quoted(value)
        .add(" is not FROM=TO with two absolute paths");
    DiagnosticText(mistake.hint)
        .add("write two absolute paths, such as /root/.cache/huggingface=/mnt/models");
    return false;
  }
  return check_no_nul(value, mistake);
}

bool check_preset(std::string_view value, const PresetNames& presets, ValueMistake& mistake) {
  const Words names(presets.names, presets.count);
  if (value == kAllPresets || has(names, value)) return true;
  mistake.offset = 0;
  DiagnosticText(mistake.problem).add("there is no preset ").add_quoted(value);
  const std::string_view suggestion = closest(names, value);
  DiagnosticText hint(mistake.hint);
  if (!suggestion.empty()) {
    hint.add("did you mean ").add_quoted(suggestion).add("?");
  } else {
    hint.add("presets: ").add_quoted(kAllPresets);
    if (presets.count > 0) hint.add(", ");
    add_words(names, ", ", hint);
  }
  return false;
}

// "https://user@host:8080/path" becomes "host:8080", "https://host" becomes "host:443".
void suggest_host_of_url(std::string_view url, DiagnosticText& hint) {
  std::size_t start = 0;
  while (slice(url, start, 3) != "://") ++start;
  const std::string_view scheme = slice(url, 0, start);
  std::string_view rest = slice(url, start + 3);
  std::size_t end = 0;
  while (end < rest.size() && rest[end] != '/' && rest[end] != '?' && rest[end] != '#') ++end;
  rest = slice(rest, 0, end);
  const std::size_t user = find_byte(rest, '@');
  if (user != std::string_view::npos) rest = slice(rest, user + 1);
  AllowRule rule;
  std::string_view why;
  std::size_t offset = 0;
  if (!parse_allow_rule(rest, &rule, &why, &offset)) {
    hint.add("write a host such as \"minio.ci:9000\"");
    return;
  }
  hint.add("write \"").add_input(rest);
  if (rule.port == 0 && equals_ignoring_case(scheme, "https")) hint.add(":443");
  if (rule.port == 0 && equals_ignoring_case(scheme, "http")) hint.add(":80");
  hint.add("\"");
}

bool check_allow_rule(std::string_view value, ValueMistake& mistake) {
  AllowRule rule;
  std::string_view why;
  if (parse_allow_rule(value, &rule, &why, &mistake.offset)) return true;
  DiagnosticText problem(mistake.problem);
  if (!value.empty()) problem.add_quoted(value).add(": ");
  problem.add(why);

  DiagnosticText hint(mistake.hint);
  if (!rule.is_name && has_bits_after_prefix(rule.network)) {
    char network[64];
    Appender out(network);
    append_network({first_address(rule.network), rule.network.prefix}, out);
    hint.add("write ").add_quoted(out.view()).add(" for the network, or ");
    out.truncate(0);
    append_address(rule.network.base, out);
    hint.add_quoted(out.view()).add(" for the one address");
    return false;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (slice(value, i, 3) != "://") continue;
    suggest_host_of_url(value, hint);
    return false;
  }
  hint.add("write a host, an address or a network, and a port if only one is meant: ")
      .add("\"minio.ci:9000\", \"10.0.0.5\", \"192.168.0.0/16\", \"[fd00::5]:443\"");
  return false;
}

bool check_layer_name(std::string_view value, ValueMistake& mistake) {
  constexpr std::size_t kMaximum = 64;
  if (value.empty()) return fail(mistake, 0, "a layer needs a name", "write one such as \"core\"");
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool letter = ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
    if (letter || is_ascii_digit(c) || c == '.' || c == '_' || c == '-') continue;
    return fail(mistake, i, "a layer's name has only letters, digits, '.', '_' and '-'",
                "write one such as \"core\"");
  }
  if (value.size() <= kMaximum) return true;
  return fail(mistake, kMaximum, "a layer's name has at most 64 bytes", "write a shorter one");
}

bool check_layer_order(std::string_view value, ValueMistake& mistake) {
  std::uint64_t number = 0;
  if (parse_decimal(value, 9999, &number)) return true;
  return fail(mistake, 0, "it must be an integer from 0 to 9999",
              "number the layers from 1; the lowest is searched first");
}

}  // namespace

const std::string_view* choices_of(ValueType type, std::size_t* count) {
  Words words(kLayouts, 0);
  if (type == ValueType::layout) words = kLayouts;
  if (type == ValueType::mode) words = kModes;
  if (type == ValueType::unshimmed) words = kUnshimmedChoices;
  if (type == ValueType::redirect_way) words = kRedirectWays;
  if (type == ValueType::layer_kind) words = kLayerKinds;
  *count = words.count;
  return words.words;
}

bool check_value(ValueType type, std::string_view value, const PresetNames& presets,
                 ValueMistake& mistake) {
  std::size_t count = 0;
  const std::string_view* choices = choices_of(type, &count);
  if (count != 0) return check_choice({choices, count}, value, mistake);
  switch (type) {
    case ValueType::layout:
    case ValueType::mode:
    case ValueType::unshimmed:
    case ValueType::redirect_way:
    case ValueType::layer_kind:
      break;  // above
    case ValueType::absolute_path:
    case ValueType::path_list:
      return check_absolute_path(value, mistake);
    case ValueType::path:
      return check_path(value, mistake);
    case ValueType::errno_name:
      return check_errno(value, mistake);
    case ValueType::boolean:
      return check_boolean(value, mistake);
    case ValueType::variable:
    case ValueType::variable_list:
      return check_variable_name(value, mistake);
    case ValueType::assignment_list:
      return check_assignment(value, mistake);
    case ValueType::preset_list:
      return check_preset(value, presets, mistake);
    case ValueType::name:
      return check_name(value, mistake);
    case ValueType::redirect_list:
      return check_redirect(value, mistake);
    case ValueType::allow_list:
      return check_allow_rule(value, mistake);
    case ValueType::layer_name:
      return check_layer_name(value, mistake);
    case ValueType::layer_order:
      return check_layer_order(value, mistake);
  }
  return fail(mistake, 0, "a setting has a type that nothing checks", "report this as a bug");
}

std::string_view expected_in_file(ValueType type) {
  if (is_list(type)) return "an array of strings";
  if (type == ValueType::layer_order) return "an integer";
  return type == ValueType::boolean ? "true or false" : "a string";
}

}  // namespace hfoffline
