#include "shim/make_policy.h"

#include "core/policy.h"
#include "core/run_plan.h"
#include "core/scratch.h"
#include "core/settings.h"
#include "core/sys.h"
#include "presets/presets.h"
#include "shim/message.h"

namespace hfoffline::shim {
namespace {

constexpr std::size_t kArenaBytes = 8 << 20;  // of address space; only what is used becomes memory

[[noreturn]] void die_of(const Diagnostic& error) {
  char text[2048];
  Appender message(text);
  message.add("hfoffline: ");
  append_diagnostic(error, message);
  message.add("The program was not started.\n");
  die(2, message.view());
}

// As the launcher does before a run; here in the first process of a tree only.
void warn_of_models_dir(const RunPlan& plan) {
  std::string_view what;
  switch (plan.finding.problem) {
    case ModelsDirProblem::kNone:
    case ModelsDirProblem::kMissing:
    case ModelsDirProblem::kNotADirectory:
    case ModelsDirProblem::kUnreadable:
      return;
    case ModelsDirProblem::kEmpty:
      what = " is empty";
      break;
    case ModelsDirProblem::kLookAlike:
    case ModelsDirProblem::kUnrecognised:
      what = " does not look like a Hugging Face cache";
      break;
  }
  char text[4096 + 512];
  Appender message(text);
  message.add("hfoffline: warning: the models dir ").add(plan.models_dir).add(what);
  const std::string_view detail = plan.finding.detail;
  if (!detail.empty()) message.add(": ").add(detail);
  write_message(message.add_byte('\n').view());
}

void warn_of_unknown_variables(const char* const* environment) {
  UnknownVariable variable;
  while (next_unknown_variable(&environment, &variable)) {
    char text[512];
    Appender message(text);
    message.add("hfoffline: warning: the variable ");
    append_printable(slice(variable.name, 0, 64), message);
    message.add(" means nothing to hfoffline");
    if (!variable.suggestion.empty())
      message.add("; did you mean ").add(variable.suggestion).add_byte('?');
    write_message(message.add_byte('\n').view());
  }
}

// One directory per user and models dir, since nobody would remove one per process.
std::string_view scratch_directory(const char* const* environment, const Config& config,
                                   Arena& arena) {
  const char* base = find_in_environment(environment, "TMPDIR");
  if (base == nullptr || base[0] != '/') base = "/tmp";
  char text[4096];
  Appender path(text);
  path.add(base)
      .add("/hfoffline-")
      .add_number(static_cast<std::uint64_t>(sys::geteuid()))
      .add_byte('-');
  const std::string_view models_dir = config.text(Key::cache_models_dir);
  path.add_number(
      policy_checksum(reinterpret_cast<const std::uint8_t*>(models_dir.data()), models_dir.size()),
      16, 16);
  return arena.copy(path.view());
}

std::string_view absolute_record_file(std::string_view file, Arena& arena) {
  if (file.empty() || file.front() == '/') return file;
  char text[4096];
  const long length = sys::getcwd(text, sizeof(text));
  if (length <= 1) return file;
  char joined[8192];
  Appender out(joined);
  out.add({text, static_cast<std::size_t>(length) - 1}).add_byte('/').add(file);
  return arena.copy(out.view());
}

std::string_view run_name(Arena& arena) {
  std::int64_t clock[2] = {};
  sys::clock_realtime(clock);
  char text[64];
  Appender name(text);
  name.add("preload-")
      .add_number(static_cast<std::uint64_t>(clock[0]))
      .add_byte('-')
      .add_number(static_cast<std::uint64_t>(sys::getpid()));
  return arena.copy(name.view());
}

}  // namespace

std::size_t make_policy(const char* const* environment, std::uint8_t* buffer,
                        std::size_t capacity) {
  const long memory =
      sys::mmap(kArenaBytes, 3 /* read, write */, 0x22 /* private, anonymous */, -1);
  if (sys::failed(memory))
    die(125, "hfoffline: no memory for the settings. The program was not started.\n");
  Arena arena(reinterpret_cast<void*>(memory), kArenaBytes);

  auto* config = arena.make<Config>();
  auto* plan = arena.make<RunPlan>();
  auto* error = arena.make<Diagnostic>();
  if (!load_settings({}, environment, known_preset_names(), arena, *config, *error)) die_of(*error);
  if (!plan_run(*config, known_presets(), scratch_directory(environment, *config, arena),
                HFOFFLINE_VERSION, arena, *plan, *error)) {
    die_of(*error);
  }
  // Without a launcher nobody makes a mount.
  if (!plan_redirects(find_in_environment(environment, "HOME"), arena, *plan, *error))
    die_of(*error);
  const ScratchFailure failure =
      prepare_scratch(plan->environment, plan->scratch_dir, plan->models_dir, plan->layout);
  if (failure.error != 0) {
    char text[4096 + 512];
    Appender message(text);
    message.add("hfoffline: the scratch directory \"")
        .add(failure.path)
        .add("\" cannot be used: ")
        .add(failure.why);
    message.add(
        "\n  set HFOFFLINE_SCRATCH or [cache] scratch to a directory of your own\nThe program was "
        "not started.\n");
    die(2, message.view());
  }
  if (!config->boolean(Key::record_quiet)) {
    warn_of_unknown_variables(environment);
    if (!plan->models_dir.empty()) warn_of_models_dir(*plan);
  }
  RunFiles files;
  files.run = run_name(arena);
  files.record_file = absolute_record_file(config->text(Key::record_file), arena);
  std::size_t size = 0;
  if (!build_policy(*plan, files, buffer, capacity, &size, *error)) die_of(*error);
  sys::munmap(reinterpret_cast<void*>(memory), kArenaBytes);
  return size;
}

}  // namespace hfoffline::shim
