// hfoffline-layers LAUNCHER COMMAND [ARGUMENT]...: what `hfoffline shadow` and `hfoffline layer`
// start. It reads the same command line again, with the same tables, so that nothing is lost
// between the two.
#include <unistd.h>

#include <string>
#include <vector>

#include "cli/exit_codes.h"
#include "cli/layer_main.h"
#include "cli/message.h"
#include "cli/shadow_main.h"
#include "cli/string_tools.h"

namespace hfoffline::cli {
namespace {

struct HelperCommand {
  std::string_view name;
  const Usage* usage;
  int (*function)(const Context&, const Arguments&, const std::string& launcher);
};

constexpr HelperCommand kCommands[] = {
    {"shadow", &shadow_usage, &shadow_main},
    {"layer", &layer_usage, &layer_main},
};

int layers_main(std::span<const std::string_view> texts) {
  for (const HelperCommand& command : kCommands) {
    if (texts.size() < 3 || texts[2] != command.name) continue;
    const absl::StatusOr<Arguments> arguments = parse_arguments(*command.usage, texts.subspan(3));
    if (!arguments.ok()) {
      error(printable(std::string(arguments.status().message())));
      return kWrongUse;
    }
    return command.function(Context{environ}, *arguments, std::string(texts[1]));
  }
  error("this is a part of hfoffline: use `hfoffline shadow` or `hfoffline layer`");
  return kWrongUse;
}

}  // namespace
}  // namespace hfoffline::cli

int main(int count, char** texts) {
  const std::vector<std::string_view> views(texts, texts + count);
  return hfoffline::cli::layers_main(views);
}
