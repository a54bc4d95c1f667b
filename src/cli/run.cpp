// `hfoffline run`: decides everything, starts the program, waits, and says what was refused.
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <optional>

#include "cli/check_in.h"
#include "cli/child.h"
#include "cli/child_environment.h"
#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/exit_codes.h"
#include "cli/inherited_files.h"
#include "cli/message.h"
#include "cli/models_dir_report.h"
#include "cli/nested_run.h"
#include "cli/record_file.h"
#include "cli/redirects.h"
#include "cli/run_directory.h"
#include "cli/run_policy.h"
#include "cli/run_settings.h"
#include "cli/shell_quote.h"
#include "cli/shim_file.h"
#include "cli/string_tools.h"
#include "cli/summary.h"
#include "cli/target.h"
#include "core/path.h"
#include "core/record.h"
#include "core/scratch.h"
#include "core/settings.h"
#include "presets/presets.h"
#include "report/record_line.h"

namespace hfoffline::cli {
namespace {

constexpr Flag kFlags[] = {
    {"strict", "",
     "fail on anything doubtful: --fail-on-refusal, --unshimmed refuse, and an error where the "
     "models dir looks wrong (2), or a record is lost or cannot be written (125)"},
    {"fail-on-refusal", "", "exit with 3 if the command succeeded but something was refused"},
};

// Nothing of a run is kept in globals; this is what its steps share.
struct Run {
  Run(const Context& given_context, const Arguments& given_arguments)
      : context(given_context), arguments(given_arguments) {}

  const Context& context;
  const Arguments& arguments;
  RunSettings settings;
  RunPlan plan;
  RunDirectory directory;
  RecordFile record;
  RedirectWay redirect_way = RedirectWay::kMount;
  Redirects redirects;  // undone before the directory is removed
  std::string name;
  std::string shim;
  std::optional<ChildEnvironment> environment;
  Target target;
  std::int64_t started_ms = 0;     // since the epoch
  std::int64_t started_ticks = 0;  // milliseconds of the clock that never jumps
  bool starts_launcher = false;    // the program is this one
  bool strict = false;
  bool fail_on_refusal = false;
  bool quiet = false;
};

std::string make_run_name() {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  char text[64];
  std::snprintf(text, sizeof(text), "%llx-%05lx-%x", static_cast<unsigned long long>(now.tv_sec),
                static_cast<unsigned long>(now.tv_nsec) & 0xfffff, static_cast<unsigned>(getpid()));
  return text;
}

// A step's answer: keep going, or end with this exit code.
constexpr int kGoOn = -1;

int report_models_dir(const Run& run) {
  const std::vector<std::string> problems = models_dir_problems(run.plan);
  for (const std::string& problem : problems) run.strict ? error(problem) : warn(problem);
  if (!run.strict || problems.empty()) return kGoOn;
  note("nothing was run, because of --strict");
  return kWrongUse;
}

bool is_protected(const RunPlan& plan, const std::string& path) {
  for (std::size_t i = 0; i < plan.tree_count; ++i) {
    if (is_at_or_below(path, plan.trees[i].path)) return true;
  }
  return false;
}

void remove_outputs_in_trees(Run& run) {
  constexpr std::string_view kDirectory = "LD_PROFILE_OUTPUT";
  for (const std::string_view name : kOutputVariables) {
    const char* value = run.environment->get(name.data());
    if (value == nullptr || *value == '\0') continue;
    std::string directory = value;
    if (name != kDirectory) {
      const std::size_t slash = directory.rfind('/');
      directory = slash == directory.npos ? "." : slash == 0 ? "/" : directory.substr(0, slash);
    }
    if (!is_protected(run.plan, canonical_path(directory))) continue;
    warn(cat(name, " points below a protected tree, where nobody may write: it is removed"));
    run.environment->remove(name);
  }
}

int prepare_record(Run& run) {
  const std::string wanted = absolute_record_file(run.settings.config);
  if (!wanted.empty()) {
    const std::string directory = wanted.substr(0, wanted.rfind('/'));
    if (is_protected(run.plan, canonical_path(directory.empty() ? "/" : directory))) {
      error(cat("the record ", printable(wanted),
                " is inside a protected tree, where nobody may write",
                "\n  give a file outside of it"));
      return kWrongUse;
    }
  }
  run.record = prepare_record_file(wanted, run.directory.record());
  if (!run.record.problem.empty()) {
    warn(cat("the record ", printable(wanted), " cannot be written (", run.record.problem,
             "); the run goes on, and the lines that are lost are counted"));
  }
  return kGoOn;
}

int make_plan(Run& run) {
  Diagnostic problem;
  if (!plan_run(run.settings.config, known_presets(), run.directory.scratch(), HFOFFLINE_VERSION,
                run.settings.memory.arena(), run.plan, problem)) {
    error(problem);
    return kWrongUse;
  }
  if (const int code = report_models_dir(run); code != kGoOn) return code;
  const ScratchFailure failure = prepare_scratch(run.plan.environment, run.plan.scratch_dir,
                                                 run.plan.models_dir, run.plan.layout);
  if (failure) {
    error(cat("the scratch directory ", printable(failure.path), " ", failure.why, " (",
              std::strerror(failure.error),
              ")\n  give a directory of your own with --scratch or [cache] scratch"));
    return kWrongUse;
  }
  return prepare_record(run);
}

std::string unshimmed_rule(const Run& run) {
  char text[600];
  Appender rule(text);
  append_source(run.settings.config.at(Key::exec_unshimmed).source, rule);
  return std::string(rule.view());
}

// One line into the record and the counts, as the shim does it for every later program.
void record_unshimmed(Run& run, std::string_view verdict) {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  Record record;
  record.time_seconds = static_cast<std::uint64_t>(now.tv_sec);
  record.time_milliseconds = static_cast<std::uint32_t>(now.tv_nsec / 1000000);
  record.run = run.name;
  record.pid = record.tid = getpid();
  record.ppid = getppid();
  const std::string executable = canonical_path("/proc/self/exe");
  record.exe = executable;
  record.argv0 = "hfoffline";
  record.reason = run.target.unshimmed;
  record.operation = "execve";
  record.target = run.target.unshimmed_file;
  record.error = verdict == "refuse" ? EACCES : 0;
  record.verdict = verdict;
  const std::string rule = unshimmed_rule(run);
  record.rule = rule;
  char text[kMaximumRecordBytes];
  Appender line(text);
  append_record(record, line);
  RunState& state = run.directory.state();
  ++(verdict == "allow" ? state.audited
                        : state.refused)[static_cast<std::size_t>(run.target.unshimmed)];
  if (!append_line(run.record.path, line.view())) ++run.directory.state().lost_records;
}

bool is_this_program(const std::string& path) {
  struct stat ours;
  struct stat theirs;
  return stat("/proc/self/exe", &ours) == 0 && stat(path.c_str(), &theirs) == 0 &&
         ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

int judge_target(Run& run) {
  if (run.target.unshimmed == Reason::none) return kGoOn;
  const std::string_view choice = run.settings.config.text(Key::exec_unshimmed);
  record_unshimmed(run, choice);
  if (choice == "allow") return kGoOn;
  const bool refuse = choice == "refuse";
  const std::string text =
      cat(printable(run.target.unshimmed_file), ": ", reason_info(run.target.unshimmed).text);
  if (!refuse) {
    warn(cat(text,
             run.target.unshimmed == Reason::exec_own_calls
                 ? "\n  what it opens and connects to by itself is neither refused nor recorded"
                 : "\n  it runs unguarded and nothing it does is recorded",
             "; --unshimmed refuse stops that, --unshimmed allow accepts it"));
    return kGoOn;
  }
  error(cat(text, "\n  not run, because of ", printable(unshimmed_rule(run)),
            "; --unshimmed warn runs it unguarded"));
  return kOurFailure;
}

std::string_view signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? name : "?";
}

void report_missing_check_in(const Run& run, int wait_status) {
  const std::string how = WIFSIGNALED(wait_status)
                              ? cat("was killed by SIG", signal_name(WTERMSIG(wait_status)))
                              : cat("ended with exit code ", WEXITSTATUS(wait_status));
  error(cat(
      "the shim never came up in ", printable(run.target.path), ", which ", how,
      "\n  either it ran unguarded, or its loader failed before it started (see its message above)",
      "\n  shim: ", printable(run.shim),
      "\n  `hfoffline doctor` says whether the shim loads at all on this machine"));
}

struct Ending {
  int code = 0;
  std::string reason;  // why it is not the command's own code
};

Ending ending_of(const Run& run, const SummaryInputs& inputs, int wait_status, bool checked_in) {
  const RunTotals& totals = inputs.totals;
  const bool lost = totals.lost_records != 0 || inputs.end_is_lost;
  Ending ending;
  ending.code = exit_code_of(wait_status);
  // A program that was killed says so by its code, which is a failure anyway.
  if (!checked_in && !WIFSIGNALED(wait_status)) {
    ending.code = kOurFailure;
    ending.reason = "exit code 125: the shim never came up";
    return ending;
  }
  if (ending.code != 0) return ending;
  if (run.strict && (lost || !run.record.problem.empty())) {
    ending.code = kOurFailure;
    ending.reason = cat("exit code 125: ", lost ? "records are lost" : "there is no record",
                        ", and --strict was given");
  } else if ((run.strict || run.fail_on_refusal) && totals.violations != 0) {
    ending.code = kRefusalsFound;
    ending.reason = cat("exit code 3: the command succeeded, but ",
                        run.strict ? "--strict" : "--fail-on-refusal", " was given");
  }
  return ending;
}

RunTotals read_totals(const RunState& state) {
  RunTotals totals;
  for (std::size_t i = 0; i < kKindCount; ++i)
    totals.refusals[i] = refusal_total(state, static_cast<Kind>(i));
  totals.violations = violation_total(state);
  totals.lost_records = __atomic_load_n(&state.lost_records, __ATOMIC_RELAXED);
  return totals;
}

bool anything_happened(const RunTotals& totals) {
  for (const std::uint64_t count : totals.refusals) {
    if (count != 0) return true;
  }
  return false;
}

std::int64_t milliseconds(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

std::int64_t milliseconds(const timeval& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1000 + time.tv_usec / 1000;
}

// What the run was and what it cost: the record's last line of it. False if it cannot be written.
bool record_end(Run& run, const RunTotals& totals, int wait_status) {
  const Config& config = run.settings.config;
  report::RunLine line;
  line.run = run.name;
  line.version = HFOFFLINE_VERSION;
  line.started = report::record_time(run.started_ms);
  line.ended = report::record_time(milliseconds(CLOCK_REALTIME));
  utsname system = {};
  if (uname(&system) == 0) line.machine = system.nodename;
  line.worker = config.text(Key::record_worker);
  for (const std::string_view text : run.arguments.positionals)
    append(&line.command, line.command.empty() ? "" : " ", shell_quote(text));
  line.mode = config.text(Key::egress_mode);
  line.models_dir = run.plan.models_dir;
  line.config = config.file;
  line.exit_code = exit_code_of(wait_status);
  line.wall_ms = milliseconds(CLOCK_MONOTONIC) - run.started_ticks;
  // Of every process that was waited for, by us or by its own parent.
  rusage usage = {};
  if (getrusage(RUSAGE_CHILDREN, &usage) == 0) {
    line.user_ms = milliseconds(usage.ru_utime);
    line.system_ms = milliseconds(usage.ru_stime);
    line.peak_memory_kib = usage.ru_maxrss;
  }
  for (const std::uint64_t count : totals.refusals) line.refusals += count;
  line.violations = totals.violations;
  line.lost = totals.lost_records;
  // Behind a line that a full disk cut short, it starts afresh.
  const std::string start = run.directory.state().torn_record != 0 ? "\n" : "";
  return append_line(run.record.path, start + report::run_line(line));
}

void print_summary(const Run& run, SummaryInputs inputs) {
  const Config& config = run.settings.config;
  inputs.audit = config.text(Key::egress_mode) == "audit";
  inputs.audits_writes = inputs.audit && config.boolean(Key::cache_audit_writes);
  inputs.refuses_unshimmed = config.text(Key::exec_unshimmed) == "refuse";
  inputs.models_dir = run.plan.models_dir;
  inputs.layout = layout_name(run.plan.layout);
  const VariableCounts counts = count_variables(run.plan.environment);
  inputs.variables_set = counts.set;
  inputs.variables_removed = counts.removed;
  for (const Redirects::Pair& pair : run.redirects.pairs())
    inputs.redirects.push_back(cat(pair.from, " to ", pair.to));
  inputs.redirect_way =
      run.redirect_way == RedirectWay::kMount ? "read-only mount" : "in each process";
  inputs.config_file = config.file;
  inputs.record_file = absolute_record_file(config);
  inputs.record_problem = run.record.problem;
  inputs.colour = stderr_has_colour();
  const std::string text = render_summary(inputs);
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = write(STDERR_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

int finish(Run& run, int wait_status, bool checked_in) {
  SummaryInputs inputs;
  inputs.totals = read_totals(run.directory.state());
  if (anything_happened(inputs.totals))
    inputs.record = read_record(run.record.path, run.record.from, run.name);
  if (run.record.problem.empty() && !absolute_record_file(run.settings.config).empty()) {
    inputs.records_end = record_end(run, inputs.totals, wait_status);
    inputs.end_is_lost = !inputs.records_end;
  }
  // What went to the run directory instead of the file that was asked for is lost with it.
  if (!run.record.problem.empty()) inputs.totals.lost_records += inputs.record.lines.size();
  const Ending ending = ending_of(run, inputs, wait_status, checked_in);
  if (!checked_in) report_missing_check_in(run, wait_status);
  inputs.exit_reason = ending.reason;
  if (!run.quiet) {
    print_summary(run, std::move(inputs));
  } else if (!ending.reason.empty()) {
    error(ending.reason);
  }
  return ending.code;
}

int start_and_wait(Run& run, const HeldSignals& signals) {
  EncodedPolicy policy;
  RunFiles files;
  const std::string run_state = run.directory.run_state_file();
  files.run = run.name;
  files.record_file = run.record.path;
  files.run_state_file = run_state;
  files.shim_file = run.shim;
  Diagnostic problem;
  if (!encode_run_policy(run.plan, files, policy, problem)) {
    error(problem);
    return kWrongUse;
  }

  ChildEnvironment& environment = *run.environment;
  environment.preload(run.shim);
  environment.set(kPolicyVariable, policy.view());
  if (run.target.uses_shared_asan) environment.allow_asan_behind_shim();
  CheckIn check_in;
  // A program the shim cannot enter would only find a stray descriptor.
  const bool shim_comes_along =
      run.target.unshimmed == Reason::none || run.target.unshimmed == Reason::exec_own_calls;
  const bool expects_check_in = shim_comes_along && !run.starts_launcher;
  if (expects_check_in) {
    if (!check_in.open()) {
      error(cat("no pipe for the shim to check in: ", std::strerror(errno)));
      return kOurFailure;
    }
    environment.set("HFOFFLINE_CHECKIN", cat(check_in.writing_end()));
  }

  CommandLine command(run.target, run.arguments.positionals);
  // In audit mode with audited writes, they are the program's as they are.
  const bool audits_writes = run.settings.config.text(Key::egress_mode) == "audit" &&
                             run.settings.config.boolean(Key::cache_audit_writes);
  const std::vector<int> read_only =
      audits_writes ? std::vector<int>() : writable_descriptors_in_trees(run.plan);
  run.started_ms = milliseconds(CLOCK_REALTIME);
  run.started_ticks = milliseconds(CLOCK_MONOTONIC);
  const ChildOutcome outcome = run_child(signals, command.path(), command.arguments(),
                                         environment.entries(), check_in.writing_end(), read_only);
  if (outcome.interrupted_by != 0) return kSignalBase + outcome.interrupted_by;
  if (outcome.start_error != 0)
    return report_start_failure(run.arguments.positionals[0], outcome.start_error, true);
  return finish(run, outcome.wait_status, !expects_check_in || check_in.arrived());
}

int redirect_paths(Run& run) {
  std::string problem;
  for (const ListItem* item = run.settings.config.items(Key::cache_redirect); item != nullptr;
       item = item->next) {
    if (!run.redirects.add(item->text, find_in_environment(run.context.environment, "HOME"),
                           &problem)) {
      char source[600];
      Appender rule(source);
      append_source(item->source, rule);
      error(cat(problem, "\n  given by ", printable(rule.view())));
      return kWrongUse;
    }
  }
  for (const Redirects::Pair& pair : run.redirects.pairs()) {
    const std::string directory = pair.from.substr(0, pair.from.rfind('/'));
    if (is_protected(run.plan, canonical_path(directory.empty() ? "/" : directory))) {
      error(cat("[cache] redirect: ", printable(pair.from), " is inside a protected tree"));
      return kWrongUse;
    }
  }
  if (run.redirects.pairs().empty()) return kGoOn;
  run.redirect_way = choose_redirect_way(run.settings.config.text(Key::cache_redirect_way));
  if (run.redirect_way == RedirectWay::kInProcess) {
    Diagnostic diagnostic;
    run.redirects.make_places();
    if (plan_redirects(find_in_environment(run.context.environment, "HOME"),
                       run.settings.memory.arena(), run.plan, diagnostic))
      return kGoOn;
    error(diagnostic);
    return kWrongUse;
  }
  if (!run.redirects.mount(&problem)) {
    error(problem);
    return kOurFailure;
  }
  if (access(run.shim.c_str(), R_OK) != 0) {
    error(cat("[cache] redirect hides the shim, ", printable(run.shim)));
    return kOurFailure;
  }
  return kGoOn;
}

// The trees nobody may write below, before they are planned: the run directory must not be made in
// one.
std::vector<std::string> trees_of(const Config& config) {
  std::vector<std::string> trees;
  const std::string_view models_dir = config.text(Key::cache_models_dir);
  if (!models_dir.empty()) trees.push_back(canonical_path(std::string(models_dir)));
  for (const ListItem* item = config.items(Key::cache_protect); item != nullptr;
       item = item->next) {
    trees.push_back(canonical_path(std::string(item->text)));
  }
  return trees;
}

// The run itself writes to the counters and to scratch, which have to be somewhere.
bool seals_everything(const Config& config) {
  const std::vector<std::string> trees = trees_of(config);
  if (std::find(trees.begin(), trees.end(), "/") == trees.end()) return false;
  error(cat("\"/\" cannot be protected: the run itself has to write somewhere below it",
            "\n  give the directories that matter to --models-dir and --protect"));
  return true;
}

int prepare_and_start(Run& run) {
  if (seals_everything(run.settings.config)) return kWrongUse;
  const ShimFile shim = find_shim(run.context);
  if (!shim.problem.empty()) {
    error(shim.problem);
    return kOurFailure;
  }
  const HeldSignals signals;
  std::string problem;
  if (!run.directory.create(run.context, trees_of(run.settings.config), &problem)) {
    error(problem);
    return kOurFailure;
  }
  run.name = make_run_name();
  run.shim = loadable_path(shim.path, run.directory, &problem);
  if (run.shim.empty()) {
    error(problem);
    return kOurFailure;
  }
  int code = make_plan(run);
  if (code == kGoOn) code = redirect_paths(run);
  if (code == kGoOn) {
    run.environment.emplace(run.context.environment, run.plan.environment);
    remove_outputs_in_trees(run);
    run.target = find_target(run.arguments.positionals[0], run.environment->get("PATH"));
    look_at_loaded(run.arguments.positionals, run.target);
    if (run.target.error != 0)
      code = report_start_failure(run.arguments.positionals[0], run.target.error, false);
    // A run inside a run: static, but it puts the shim into what it starts.
    if (run.target.unshimmed == Reason::exec_static && is_this_program(run.target.path)) {
      run.target.unshimmed = Reason::none;
      run.starts_launcher = true;
    }
  }
  if (code == kGoOn) code = judge_target(run);
  if (code == kGoOn) code = start_and_wait(run, signals);
  run.redirects.undo();
  if (const std::string left = run.directory.remove(); !left.empty()) warn(left);
  return code;
}

}  // namespace

const Usage run_usage = {
    .synopsis = "[FLAG]... [--] COMMAND [ARGUMENT]...",
    .description =
        "Runs COMMAND and everything it starts so that clients find the pre-staged model cache, "
        "which nobody can write "
        "to, and so that nothing but this machine and the allow-list can be reached. Refusals are "
        "recorded and summed "
        "up on stderr at the end; stdout is the command's own.\n\n"
        "Exit code: the command's own; 128+N if signal N killed it; 2 wrong usage, bad settings or "
        "no models dir "
        "(nothing was run); 3 something was refused and --fail-on-refusal or --strict was given; "
        "125 hfoffline itself "
        "failed; 126 the command cannot be executed; 127 it was not found.",
    .examples =
        "hfoffline run --models-dir /mnt/models -- pytest -q\n"
        "hfoffline run --models-dir /mnt/models --allow minio.ci:9000 --strict -- make\n"
        "hfoffline run --mode audit --record audit.jsonl -- python3 app.py",
    .flags = kFlags,
    .takes_settings = true,
    .positionals = Positionals::kCommand,
};

int run_command(const Context& context, const Arguments& arguments) {
  if (is_nested(context)) return run_nested(context, arguments);
  Run run(context, arguments);
  if (!load_run_settings(context, arguments, run.settings)) return kWrongUse;
  run.strict = arguments.has("strict");
  run.fail_on_refusal = arguments.has("fail-on-refusal");
  run.quiet = run.settings.config.boolean(Key::record_quiet);
  return prepare_and_start(run);
}

}  // namespace hfoffline::cli
