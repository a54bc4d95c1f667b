// `hfoffline bake`: a copy of the shim with the policy inside, for images that start programs
// without the launcher.
#include <cstring>
#include <string>

#include "cli/baked_shim.h"
#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/message.h"
#include "cli/models_dir_report.h"
#include "cli/run_policy.h"
#include "cli/run_settings.h"
#include "cli/shell_quote.h"
#include "cli/shim_file.h"
#include "cli/standard_output.h"
#include "cli/string_tools.h"
#include "cli/whole_file.h"
#include "core/scratch.h"
#include "presets/presets.h"

namespace hfoffline::cli {
namespace {

constexpr Flag kFlags[] = {
    {"output", "FILE", "where the shim is written to; an older file is replaced", 'o'}};

int write_shim(const Context& context, const BuiltPolicy& policy, const std::string& output) {
  const ShimFile shim = find_shim(context);
  if (!shim.problem.empty()) {
    error(shim.problem);
    return kOurFailure;
  }
  std::string bytes;
  if (const int failure = read_whole(shim.path, bytes); failure != 0) {
    error(cat(printable(shim.path), " cannot be read: ", std::strerror(failure)));
    return kOurFailure;
  }
  if (const std::string problem = put_policy({policy.bytes(), policy.size}, bytes);
      !problem.empty()) {
    error(cat(printable(shim.path), " ", problem));
    return kOurFailure;
  }
  if (const int failure = replace_whole(output, bytes, 0755); failure != 0) {
    error(cat(printable(output), " cannot be written: ", std::strerror(failure)));
    return kOurFailure;
  }
  return print(cat(printable(output), ": ", bytes.size(), " bytes, of which policy ", policy.size,
                   "\nstart programs with LD_PRELOAD=", shell_quote(printable(output)), "\n"));
}

}  // namespace

const Usage bake_usage = {
    .synopsis = "[FLAG]... -o FILE",
    .description =
        "Writes a copy of the shim that carries the policy of these settings. Preloaded "
        "(LD_PRELOAD, /etc/ld.so.preload), "
        "it needs neither the launcher nor a variable nor a config file: for images whose entry "
        "point cannot be changed.\n\n"
        "Run it where the models dir has the path it will have later. Variables that lead to "
        "scratch space are left out "
        "unless --scratch or [cache] scratch names a directory, which is then made.",
    .examples = "hfoffline bake --config hfoffline.toml -o /usr/local/lib/libhfoffline-ci.so",
    .flags = kFlags,
    .takes_settings = true,
    .positionals = Positionals::kNone,
};

int bake_command(const Context& context, const Arguments& arguments) {
  if (!arguments.given("output")) {
    error("-o FILE is missing: where should the shim be written to?");
    return kWrongUse;
  }
  RunSettings settings;
  if (!load_run_settings(context, arguments, settings)) return kWrongUse;
  if (settings.config.items(Key::cache_redirect) != nullptr &&
      settings.config.text(Key::cache_redirect_way) == "mount") {
    error("[cache] redirect_way \"mount\" cannot be baked: the launcher makes mounts for a run");
    return kWrongUse;
  }
  RunPlan plan;
  Diagnostic problem;
  if (!plan_run(settings.config, known_presets(), {}, HFOFFLINE_VERSION, settings.memory.arena(),
                plan, problem) ||
      !plan_redirects(find_in_environment(context.environment, "HOME"), settings.memory.arena(),
                      plan, problem)) {
    error(problem);
    return kWrongUse;
  }
  for (const std::string& text : models_dir_problems(plan)) warn(text);
  const ScratchFailure failure =
      prepare_scratch(plan.environment, plan.scratch_dir, plan.models_dir, plan.layout);
  if (failure) {
    error(cat("the scratch directory ", printable(failure.path), " ", failure.why));
    return kWrongUse;
  }
  RunFiles files;
  const std::string record = absolute_record_file(settings.config);
  files.run = "baked";
  files.record_file = record;
  BuiltPolicy policy;
  if (!build_run_policy(plan, files, policy, problem)) {
    error(problem);
    return kWrongUse;
  }
  return write_shim(context, policy, absolute_path(arguments.value("output")));
}

}  // namespace hfoffline::cli
