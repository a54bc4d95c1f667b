#include "cli/command.h"

namespace hfoffline::cli {
namespace {

constexpr Command kCommands[] = {
#define COMMAND(name, identifier, help) {name, help, &identifier##_usage, &identifier##_command},
#include "cli/commands.def"
#undef COMMAND
};

}  // namespace

std::span<const Command> commands() { return kCommands; }

}  // namespace hfoffline::cli
