// `hfoffline completion`: shell completion made from the tables of commands, flags and values.
#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/fail_on.h"
#include "cli/message.h"
#include "cli/standard_output.h"
#include "cli/string_tools.h"
#include "core/errnos.h"
#include "presets/presets.h"
#include "report/formats.h"

namespace hfoffline::cli {
namespace {

std::string preset_names() {
  const PresetNames& names = known_preset_names();
  return cat(kAllPresets, " ", join(std::span(names.names, names.count), " "));
}

std::string errno_names() {
  std::vector<std::string_view> names;
#define ERRNO(name, may_be_configured) \
  if (may_be_configured) names.push_back(#name);
#include "core/errnos.def"
#undef ERRNO
  return join(names, " ");
}

std::string format_names() {
  std::vector<std::string_view> names;
  for (const report::Format& format : report::formats()) names.push_back(format.name);
  return join(names, " ");
}

// What may follow a flag: words, or one of the shells' own lists.
struct Values {
  std::string words;
  bool directories = false;
  bool files = false;
};

Values values_of(const ShownFlag& flag) {
  Values values;
  values.directories = flag.value_name == "DIR";
  values.files = flag.value_name == "FILE";
  if (flag.value_name == "LAYOUT") values.words = "auto hf-home hub-cache";
  if (flag.value_name == "MODE") values.words = "refuse audit";
  if (flag.value_name == "ACTION") values.words = "warn refuse allow";
  if (flag.value_name == "ERRNO") values.words = errno_names();
  if (flag.value_name == "NAMES") values.words = preset_names();
  if (flag.value_name == "FORMAT") values.words = format_names();
  if (flag.value_name == "GROUP") values.words = "host test process";
  if (flag.value_name == "WHAT") values.words = fail_on_names();
  return values;
}

std::string bash_values(const ShownFlag& flag) {
  const Values values = values_of(flag);
  if (values.directories) return "-d";
  if (values.files) return "-f";
  return values.words.empty() ? "-W ''" : cat("-W '", values.words, "'");
}

// Behind the first word that is neither a flag nor its value, the command's own completion takes
// over.
std::string bash_command_offset(const std::vector<std::string>& flags_with_value) {
  return cat(
      "      local i\n"
      "      for ((i = 2; i < COMP_CWORD; i++)); do\n"
      "        case ${COMP_WORDS[i]} in\n"
      "          --) ((i++)); break ;;\n"
      "          ",
      join(flags_with_value, "|"),
      ") ((i++)) ;;\n"
      "          -*) ;;\n"
      "          *) break ;;\n"
      "        esac\n"
      "      done\n"
      "      if ((i < COMP_CWORD)); then\n"
      "        if declare -F _command_offset >/dev/null; then _command_offset \"$i\"; "
      "return; fi\n"
      "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); return\n"
      "      fi\n");
}

// What compgen is told for words that are no flags; "" if there are none.
std::string bash_positionals(const Usage& usage) {
  switch (usage.positionals) {
    case Positionals::kCommand:
      return "-c";
    case Positionals::kNone:
      return "";
    case Positionals::kOne:
    case Positionals::kAny:
    case Positionals::kTwo:
    case Positionals::kMany:
      break;
  }
  return usage.words.empty() ? "-f" : cat("-W '", usage.words, "'");
}

// One case of the script's `case ${COMP_WORDS[1]}`.
std::string bash_command(const Command& command) {
  std::vector<std::string> flags;
  std::vector<std::string> with_value;
  std::string cases;
  for (const ShownFlag& flag : flags_of(*command.usage)) {
    const std::string name = cat("--", flag.name);
    flags.push_back(name);
    if (flag.value_name.empty()) continue;
    with_value.push_back(name);
    append(&cases, "        ", name, ") mapfile -t COMPREPLY < <(compgen ", bash_values(flag),
           " -- \"$current\"); return ;;\n");
  }
  std::string text = cat("    ", command.name, ")\n");
  if (command.usage->positionals == Positionals::kCommand) text += bash_command_offset(with_value);
  append(&text, "      case $previous in\n", cases, "      esac\n",
         "      if [[ $current == -* ]]; then\n        mapfile -t COMPREPLY < <(compgen -W '",
         join(flags, " "), "' -- \"$current\")\n");
  if (const std::string words = bash_positionals(*command.usage); !words.empty()) {
    append(&text, "      else\n        mapfile -t COMPREPLY < <(compgen ", words,
           " -- \"$current\")\n");
  }
  append(&text, "      fi\n      ;;\n");
  return text;
}

std::string bash_script() {
  std::vector<std::string_view> names;
  for (const Command& command : commands()) names.push_back(command.name);
  std::string text = cat(
      "# bash completion for hfoffline; load it with: eval \"$(hfoffline completion bash)\"\n"
      "_hfoffline() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  COMPREPLY=()\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    mapfile -t COMPREPLY < <(compgen -W '",
      join(names, " "),
      " help --help --version' -- \"$current\")\n    return\n  fi\n  case ${COMP_WORDS[1]} in\n");
  for (const Command& command : commands()) text += bash_command(command);
  append(&text, "    help) mapfile -t COMPREPLY < <(compgen -W '", join(names, " "),
         "' -- \"$current\") ;;\n  esac\n}\ncomplete -o filenames -F _hfoffline hfoffline\n");
  return text;
}

// Inside '...' of a zsh _arguments specification.
std::string zsh_text(std::string_view text) {
  return replace_all(text, {{"'", "'\\''"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}});
}

std::string zsh_flag(const ShownFlag& flag) {
  // '*' in front: a list may be given several times.
  const bool repeats = flag.repeats || (flag.key && is_list(key_info(*flag.key).type));
  std::string text = cat("      '", repeats ? "*" : "", "--", flag.name,
                         flag.value_name.empty() ? "" : "=", "[", zsh_text(flag.help), "]");
  if (!flag.value_name.empty()) {
    const Values values = values_of(flag);
    append(&text, ":", flag.value_name, ":",
           values.directories      ? "_files -/"
           : values.files          ? "_files"
           : !values.words.empty() ? cat("(", values.words, ")")
                                   : std::string());
  }
  append(&text, "' \\\n");
  return text;
}

std::string zsh_positionals(const Usage& usage) {
  switch (usage.positionals) {
    case Positionals::kCommand:
      return "'*::command: _normal'";
    case Positionals::kNone:
      return "&& return";
    case Positionals::kOne:
      return "':argument:_files'";
    case Positionals::kAny:
    case Positionals::kTwo:
    case Positionals::kMany:
      break;
  }
  return cat("'*:argument:", usage.words.empty() ? "_files" : cat("(", usage.words, ")"), "'");
}

std::string zsh_script() {
  std::string text =
      "#compdef hfoffline\n"
      "# zsh completion for hfoffline; load it with: eval \"$(hfoffline completion zsh)\"\n"
      "_hfoffline() {\n"
      "  local -a hfoffline_commands=(\n";
  for (const Command& command : commands()) {
    append(&text, "    '", command.name, ":", zsh_text(command.help), "'\n");
  }
  append(&text,
         "  )\n"
         "  if ((CURRENT == 2)); then\n"
         "    _describe command hfoffline_commands\n"
         "    return\n"
         "  fi\n"
         "  local command=$words[2]\n"
         "  shift words\n"
         "  ((CURRENT--))\n"
         "  case $command in\n");
  for (const Command& command : commands()) {
    append(&text, "    ", command.name, ") _arguments -S \\\n");
    for (const ShownFlag& flag : flags_of(*command.usage)) text += zsh_flag(flag);
    append(&text, "      ", zsh_positionals(*command.usage), " ;;\n");
  }
  append(&text,
         "    help) _describe command hfoffline_commands ;;\n  esac\n}\ncompdef _hfoffline "
         "hfoffline\n");
  return text;
}

}  // namespace

const Usage completion_usage = {
    .synopsis = "bash | zsh",
    .description = "Prints a completion script for the shell.",
    .examples = "eval \"$(hfoffline completion bash)\"",
    .flags = {},
    .takes_settings = false,
    .positionals = Positionals::kOne,
};

int completion_command(const Context&, const Arguments& arguments) {
  const std::string_view shell = arguments.positionals[0];
  if (shell == "bash") return print(bash_script());
  if (shell == "zsh") return print(zsh_script());
  error(cat("there is completion for bash and zsh, not for \"", printable(shell), "\""));
  return kWrongUse;
}

}  // namespace hfoffline::cli
