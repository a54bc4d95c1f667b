// `hfoffline env`: what a run does to the environment, without running anything.
#include <cstdlib>
#include <cstring>

#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/help.h"
#include "cli/message.h"
#include "cli/models_dir_report.h"
#include "cli/run_settings.h"
#include "cli/shell_quote.h"
#include "cli/standard_output.h"
#include "cli/string_tools.h"
#include "core/scratch.h"
#include "core/settings.h"
#include "presets/presets.h"

namespace hfoffline::cli {
namespace {

constexpr Flag kFlags[] = {
    {"explain", "", "also why, what decided, and the value that is replaced"},
    {"shell", "", "export and unset lines for eval"},
};

std::string source_text(const Source& source) {
  char text[600];
  Appender out(text);
  append_source(source, out);
  return printable(out.view());
}

std::string explain(const PlannedVariable& variable, const char* present) {
  std::string text = source_text(variable.source);
  if (!variable.why.empty()) append(&text, ": ", variable.why);
  std::string result = cat("         ", wrap(text, 70, 9), "\n");
  if (present != nullptr && (!variable.set || variable.value != present)) {
    append(&result, "         ", variable.set ? "replaces " : "was ",
           shell_quote(printable(present)), "\n");
  }
  return result;
}

std::string plain_text(const EnvironmentPlan& plan, const char* const* environment,
                       bool with_reasons) {
  std::string text;
  for (const bool set : {true, false}) {
    for (std::size_t i = 0; i < plan.count; ++i) {
      const PlannedVariable& variable = plan.variables[i];
      if (variable.set != set) continue;
      append(&text, set ? "set    " : "remove ", printable(variable.text), "\n");
      if (with_reasons)
        append(&text, explain(variable, find_in_environment(environment, variable.name)));
    }
  }
  if (with_reasons) {
    append(&text, "set    LD_PRELOAD\n         the shim, in front of what is there\n",
           "set    HFOFFLINE_POLICY\n         the policy, for every process of the run\n");
  }
  return text;
}

std::string shell_text(const EnvironmentPlan& plan) {
  std::string text;
  for (std::size_t i = 0; i < plan.count; ++i) {
    const PlannedVariable& variable = plan.variables[i];
    if (!is_shell_name(variable.name)) {
      append(&text, "# ", printable(variable.name), " is no name for a shell\n");
    } else if (variable.set) {
      append(&text, "export ", variable.name, "=", shell_quote(variable.value), "\n");
    } else {
      append(&text, "unset ", variable.name, "\n");
    }
  }
  return text;
}

// A run makes its own directory; here only its name can be shown.
std::string scratch_placeholder(const char* const* environment) {
  const char* parent = find_in_environment(environment, "TMPDIR");
  return cat(parent != nullptr && parent[0] == '/' ? parent : "/tmp", "/hfoffline-XXXXXX");
}

int make_scratch(const RunPlan& plan) {
  const ScratchFailure failure =
      prepare_scratch(plan.environment, plan.scratch_dir, plan.models_dir, plan.layout);
  if (!failure) return kSuccess;
  error(cat("the scratch directory ", printable(failure.path), " ", failure.why, " (",
            std::strerror(failure.error), ")"));
  return kWrongUse;
}

}  // namespace

const Usage env_usage = {
    .synopsis = "[--explain | --shell] [FLAG]...",
    .description =
        "Prints what a run with these settings sets and removes in the environment. Nothing is "
        "run.\n\n"
        "--shell prints lines for eval. They bring the variables only: without the shim nothing is "
        "refused. Variables "
        "that lead to scratch space are left out unless --scratch or [cache] scratch names a "
        "directory, which is then "
        "made.",
    .examples =
        "hfoffline env --models-dir /mnt/models --explain\n"
        "eval \"$(hfoffline env --models-dir /mnt/models --scratch /tmp/s --shell)\"",
    .flags = kFlags,
    .takes_settings = true,
    .positionals = Positionals::kNone,
};

int env_command(const Context& context, const Arguments& arguments) {
  const bool shell = arguments.has("shell");
  if (shell && arguments.has("explain")) {
    error("--shell and --explain exclude each other");
    return kWrongUse;
  }
  RunSettings settings;
  if (!load_run_settings(context, arguments, settings)) return kWrongUse;
  RunPlan plan;
  Diagnostic problem;
  const std::string scratch = shell ? std::string() : scratch_placeholder(context.environment);
  if (!plan_run(settings.config, known_presets(), scratch, HFOFFLINE_VERSION,
                settings.memory.arena(), plan, problem)) {
    error(problem);
    return kWrongUse;
  }
  for (const std::string& text : models_dir_problems(plan)) warn(text);
  if (!shell)
    return print(plain_text(plan.environment, context.environment, arguments.has("explain")));
  if (!plan.scratch_dir.empty()) {
    if (const int code = make_scratch(plan); code != kSuccess) return code;
  } else {
    note("variables that lead to scratch space are left out; --scratch DIR adds them");
  }
  return print(shell_text(plan.environment));
}

}  // namespace hfoffline::cli
