// `hfoffline doctor`: what this machine can hold, one line each, and a run that proves it.
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/help.h"
#include "cli/kernel_features.h"
#include "cli/live_probe.h"
#include "cli/message.h"
#include "cli/nested_run.h"
#include "cli/run_settings.h"
#include "cli/shim_file.h"
#include "cli/standard_output.h"
#include "cli/string_tools.h"
#include "core/settings.h"

namespace hfoffline::cli {
namespace {

enum class Finding { kOk, kWarn, kFail };

// Prints as it goes: the live probe takes a moment.
class Report {
 public:
  void add(Finding finding, std::string_view what, std::string_view advice = "") {
    constexpr std::string_view kWords[] = {"ok    ", "warn  ", "FAIL  "};
    std::string text = cat(kWords[static_cast<int>(finding)], wrap(what, 73, 6), "\n");
    if (!advice.empty() && finding != Finding::kOk)
      append(&text, "      ", wrap(advice, 73, 6), "\n");
    print(text);
    failures_ += finding == Finding::kFail ? 1 : 0;
    warnings_ += finding == Finding::kWarn ? 1 : 0;
  }
  int failures() const { return failures_; }
  int warnings() const { return warnings_; }

 private:
  int failures_ = 0;
  int warnings_ = 0;
};

bool is_noexec(const char* path) {
  struct statvfs mount;
  return statvfs(path, &mount) == 0 && (mount.f_flag & ST_NOEXEC) != 0;
}

const char* temporary_directory(const Context& context) {
  const char* given = find_in_environment(context.environment, "TMPDIR");
  return given != nullptr && given[0] == '/' ? given : "/tmp";
}

// False if there is no shim to go on with.
bool check_shim(const Context& context, Report& report) {
  const ShimFile shim = find_shim(context);
  if (!shim.problem.empty()) {
    report.add(Finding::kFail, shim.problem);
    return false;
  }
  switch (loader_obstacle(shim.path)) {
    case LoaderObstacle::kNone:
      report.add(Finding::kOk, cat("shim: ", printable(shim.path)));
      break;
    case LoaderObstacle::kCharacters:
      report.add(Finding::kWarn,
                 cat("shim: ", printable(shim.path),
                     " has a character in its path that LD_PRELOAD cannot take"),
                 "each run makes a link to it in its own directory; programs that outlive the run "
                 "lose it: install hfoffline elsewhere");
      break;
    case LoaderObstacle::kNoexec:
      report.add(Finding::kWarn,
                 cat("shim: ", printable(shim.path), " is on a file system mounted noexec"),
                 "each run copies it into its own directory; programs that outlive the run lose "
                 "it: install hfoffline elsewhere");
      break;
  }
  return true;
}

void check_surroundings(const Context& context, Report& report) {
  const std::string container = container_kind(context.environment);
  report.add(Finding::kOk, container.empty() ? "container: none detected"
                                             : cat("container: ", printable(container)));

  const char* directory = temporary_directory(context);
  if (access(directory, W_OK | X_OK) != 0) {
    report.add(Finding::kWarn,
               cat("temporary directory: ", printable(directory), " cannot be written"),
               "runs use /tmp, /var/tmp or /dev/shm instead; set TMPDIR to say where");
  } else if (is_noexec(directory)) {
    report.add(Finding::kWarn,
               cat("temporary directory: ", printable(directory), " is mounted noexec"),
               "no obstacle for the shim where it is installed; set TMPDIR if programs run code "
               "from scratch space");
  } else {
    report.add(Finding::kOk, cat("temporary directory: ", printable(directory)));
  }

  const char* preload = find_in_environment(context.environment, "LD_PRELOAD");
  if (preload != nullptr && *preload != '\0') {
    report.add(Finding::kWarn, cat("LD_PRELOAD is set already: ", printable(preload)),
               "a run puts the shim in front and keeps it; what it hooks itself may hide calls "
               "from the shim");
  } else {
    report.add(Finding::kOk, "LD_PRELOAD: not set");
  }
  const std::string system_wide(strip_blanks(read_small_file("/etc/ld.so.preload")));
  if (!system_wide.empty()) {
    report.add(Finding::kWarn,
               cat("/etc/ld.so.preload: ", printable(replace_all(system_wide, {{"\n", " "}}))),
               "these libraries come behind the shim and are kept");
  }
  if (find_in_environment(context.environment, "LD_AUDIT") != nullptr) {
    report.add(Finding::kWarn, "LD_AUDIT is set",
               "a run removes it: an auditing library could take the shim's place");
  }
}

void check_kernel(Report& report) {
  const auto add = [&](std::string_view name, const Feature& feature, std::string_view otherwise) {
    std::string text = cat("kernel: ", name, feature.available ? "" : " is not available");
    if (!feature.detail.empty()) append(&text, " (", feature.detail, ")");
    report.add(feature.available ? Finding::kOk : Finding::kWarn, text, otherwise);
  };
  add("openat2", openat2_call(), "writes are judged in a slower way");
  add("faccessat2", faccessat2_call(), "access checks are answered in a coarser way");
  constexpr std::string_view kLater = "not needed now; static programs cannot be guarded here";
  add("seccomp notification", seccomp_notification(), kLater);
  add("Landlock", landlock(), kLater);
  add("user namespaces", user_namespaces(),
      "not needed now; bind mounts and a network namespace cannot be had without root");
}

std::string milliseconds(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), value < 10 ? "%.2f ms" : "%.0f ms", value);
  return text;
}

// What a step of the live probe shows.
struct LiveStep {
  std::string_view name;
  std::string_view holds;
  std::string_view fails;
  std::string_view advice;
};
// In their order, so that one that never came is missed.
constexpr LiveStep kLiveSteps[] = {
    {"inside", "live: the shim loads and checks in, version ", "live: the shim does not come up: ",
     "see the message below; a program for another libc or machine than the shim's cannot be "
     "guarded"},
    {"hooks", "live: ", "live: calls bypass the shim: ",
     "another preloaded library is in front, or the shim's file is damaged; nothing was sent"},
    {"connect", "live: an outside address is refused, ",
     "live: an outside address is not refused: ",
     "nothing was sent; please report this with the output of this command"},
    {"outside", "live: libcurl cannot reach huggingface.co: ", "live: libcurl reached outwards: ",
     "please report this with the output of this command"},
    {"loopback", "live: libcurl reaches a server on 127.0.0.1",
     "live: a server on 127.0.0.1 cannot be reached: ",
     "does a packet filter stop connections to 127.0.0.1?"},
};

void report_missing_step(const LiveStep& expected, const LiveProbe& probe, Report& report) {
  const std::string messages(strip_blanks(probe.messages));
  report.add(
      Finding::kFail,
      cat(expected.fails, "the probe ended with exit code ", probe.exit_code, " before it"),
      cat(messages.empty() ? "" : "it said: ", printable(replace_all(messages, {{"\n", " "}}))));
}

// False: what comes after it shows nothing.
bool report_step(const LiveStep& expected, const ProbeStep& step, const LiveProbe& probe,
                 Report& report) {
  const bool is_loopback = expected.name == "loopback";
  // Somebody else's answer proves nothing.
  const bool ok = step.ok && (!is_loopback || step.detail == probe.page);
  std::string text =
      cat(ok ? expected.holds : expected.fails, is_loopback && ok ? "" : printable(step.detail));
  if (step.milliseconds > 0) append(&text, " (", milliseconds(step.milliseconds), ")");
  report.add(ok ? Finding::kOk : Finding::kFail, text, expected.advice);
  return ok || is_loopback;
}

void check_live(const Context& context, Report& report) {
  const LiveProbe probe = run_live_probe(context);
  if (!probe.problem.empty() && probe.steps.empty()) {
    report.add(Finding::kFail, cat("live probe: ", probe.problem), "nothing was sent");
    return;
  }
  for (const LiveStep& expected : kLiveSteps) {
    // The last of a name counts.
    const auto step =
        std::find_if(probe.steps.rbegin(), probe.steps.rend(),
                     [&](const ProbeStep& candidate) { return candidate.name == expected.name; });
    if (step == probe.steps.rend()) {
      report_missing_step(expected, probe, report);
      return;
    }
    if (!report_step(expected, *step, probe, report)) return;
  }
}

}  // namespace

const Usage doctor_usage = {
    .synopsis = "",
    .description =
        "Checks what this machine and this shell can hold, then proves it: a libcurl client is "
        "started inside a run; its "
        "request to huggingface.co must be refused at once, and one to a server on 127.0.0.1 must "
        "pass. Nothing leaves the "
        "machine, not even if the shim is broken.\n\n"
        "Exit code: 0 everything that is required holds; 1 something does not, see the FAIL lines.",
    .examples = "hfoffline doctor",
    .flags = {},
    .takes_settings = false,
    .positionals = Positionals::kNone,
};

int doctor_command(const Context& context, const Arguments&) {
  Report report;
  report.add(Finding::kOk, "hfoffline " HFOFFLINE_VERSION);
  for (const UnknownVariable& variable : unknown_variables(context.environment)) {
    report.add(Finding::kWarn,
               cat("the variable ", printable(variable.name), " means nothing to hfoffline"),
               variable.suggestion.empty() ? std::string()
                                           : cat("did you mean ", variable.suggestion, "?"));
  }
  const bool has_shim = check_shim(context, report);
  check_surroundings(context, report);
  check_kernel(report);
  if (is_nested(context)) {
    report.add(Finding::kFail,
               "this is inside a run already: its policy would be probed, not the shim",
               "start `hfoffline doctor` outside of `hfoffline run`");
  } else if (const Feature loopback = loopback_device(); !loopback.available) {
    report.add(Finding::kFail,
               cat("the loopback device cannot be used: ", loopback.detail, "; nothing was probed"),
               "bring it up: ip link set lo up");
  } else if (has_shim) {
    check_live(context, report);
  }
  print(
      "      static programs, raw system calls and setuid programs are not held;\n"
      "      docs/limits.md has the list\n");
  if (report.failures() != 0) {
    print(cat("\n", report.failures(), " failed, ", report.warnings(), " warnings\n"));
    return kCheckFailed;
  }
  print(cat("\neverything required holds, ", report.warnings(), " warnings\n"));
  return kSuccess;
}

}  // namespace hfoffline::cli
