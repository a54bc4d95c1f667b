// What every subcommand is given, and the table of them.
#pragma once

#include <span>
#include <string_view>

#include "cli/arguments.h"

namespace hfoffline::cli {

struct Context {
  const char* const* environment = nullptr;  // NULL-terminated; the process's own
};

struct Command {
  std::string_view name;
  std::string_view help;
  const Usage* usage;
  int (*function)(const Context&, const Arguments&);
};

#define COMMAND(name, identifier, help)                                         \
  int identifier##_command(const Context& context, const Arguments& arguments); \
  extern const Usage identifier##_usage;
#include "cli/commands.def"
#undef COMMAND

// In the order of commands.def.
std::span<const Command> commands();

}  // namespace hfoffline::cli
