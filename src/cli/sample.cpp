// `hfoffline sample`: hands over to the helper that knows how to hash.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/helper_program.h"
#include "cli/message.h"
#include "cli/run_settings.h"
#include "cli/string_tools.h"

namespace hfoffline::cli {
namespace {

constexpr Flag kFlags[] = {
    {"layout", "LAYOUT", "hf-home (with a hub/ inside) or hub-cache (default: hf-home)"}};

}  // namespace

const Usage sample_usage = {
    .synopsis = "[--layout LAYOUT] DIR",
    .description =
        "Writes a small model cache to DIR, laid out as clients expect it, without any download: "
        "two models and a "
        "dataset of made-up content. What is there already stays; a directory that holds something "
        "else is left alone.",
    .examples = "hfoffline sample /tmp/models",
    .flags = kFlags,
    .takes_settings = false,
    .positionals = Positionals::kOne,
};

int sample_command(const Context& context, const Arguments& arguments) {
  std::string layout(arguments.given("layout") ? arguments.value("layout") : "hf-home");
  if (layout != "hf-home" && layout != "hub-cache") {
    error(cat("--layout is hf-home or hub-cache, not \"", printable(layout), "\""));
    return kWrongUse;
  }
  std::string helper = find_helper("hfoffline-sample");
  if (helper.empty()) return kOurFailure;
  std::string directory = absolute_path(arguments.positionals[0]);
  char* const texts[] = {helper.data(), directory.data(), layout.data(), nullptr};
  execve(helper.c_str(), texts, const_cast<char* const*>(context.environment));
  error(cat(printable(helper), " cannot be started: ", std::strerror(errno)));
  return kOurFailure;
}

}  // namespace hfoffline::cli
