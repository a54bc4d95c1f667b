// hfoffline: finds the subcommand, reads its arguments, calls it.
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/help.h"
#include "cli/message.h"
#include "cli/standard_output.h"
#include "cli/string_tools.h"
#include "core/suggest.h"

namespace hfoffline::cli {
namespace {

constexpr std::string_view kVersionLine = "hfoffline " HFOFFLINE_VERSION "\n";

// A descriptor opened by us must never become the program's stdin, stdout or stderr. Close-on-exec,
// so that the program that is run finds them closed, as we did.
void reserve_standard_descriptors() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) >= 0) continue;
    const int opened = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (opened >= 0 && opened != descriptor) close(opened);
  }
}

const Command* find_command(std::string_view name) {
  for (const Command& command : commands()) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

int unknown_command(std::string_view name) {
  Suggestion suggestion(name);
  for (const Command& command : commands()) suggestion.offer(command.name);
  std::string message = cat("unknown command \"", printable(name), "\"");
  if (!suggestion.best().empty()) {
    append(&message, "; did you mean \"", suggestion.best(), "\"?");
  } else {
    append(&message, "; to run a program: hfoffline run -- ", printable(name));
  }
  append(&message, "\n`hfoffline --help` lists the commands");
  error(message);
  return kWrongUse;
}

int unexpected_argument(std::string_view behind, std::string_view argument) {
  error(cat("unexpected argument \"", printable(argument), "\" behind ", behind,
            "\n`hfoffline --help` shows how it is used"));
  return kWrongUse;
}

int help_command(std::span<const std::string_view> arguments) {
  if (arguments.empty()) return print(program_help());
  if (arguments.size() > 1) return unexpected_argument("help", arguments[1]);
  const Command* command = find_command(arguments[0]);
  return command == nullptr ? unknown_command(arguments[0]) : print(command_help(*command));
}

int run_main(std::span<const std::string_view> texts, const char* const* environment) {
  if (texts.empty()) {
    error("no command is given\n`hfoffline --help` lists the commands");
    return kWrongUse;
  }
  const std::string_view name = texts[0];
  const auto rest = texts.subspan(1);
  const bool wants_help = name == "--help" || name == "-h";
  const bool wants_version = name == "--version";
  if ((wants_help || wants_version) && !rest.empty()) return unexpected_argument(name, rest[0]);
  if (wants_help) return print(program_help());
  if (wants_version) return print(kVersionLine);
  if (name == "help") return help_command(rest);
  if (name.starts_with("-")) {
    error(cat("unknown flag ", printable(name), "; a command comes first, as in: hfoffline run ",
              printable(name), " ..."));
    return kWrongUse;
  }
  const Command* command = find_command(name);
  if (command == nullptr) return unknown_command(name);
  const absl::StatusOr<Arguments> arguments = parse_arguments(*command->usage, rest);
  if (!arguments.ok()) {
    error(cat(printable(std::string(arguments.status().message())), "\n`hfoffline ", command->name,
              " --help` shows how it is used"));
    return kWrongUse;
  }
  if (arguments->has(kHelpFlag.name)) return print(command_help(*command));
  if (arguments->has(kVersionFlag.name)) return print(kVersionLine);
  return command->function(Context{environment}, *arguments);
}

}  // namespace
}  // namespace hfoffline::cli

int main(int count, char** texts) {
  hfoffline::cli::reserve_standard_descriptors();
  const std::vector<std::string_view> views(texts + (count > 0 ? 1 : 0), texts + count);
  return hfoffline::cli::run_main(views, environ);
}
