// `hfoffline report`: merges records and shows them.
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/fail_on.h"
#include "cli/message.h"
#include "cli/record_inputs.h"
#include "cli/since.h"
#include "cli/standard_output.h"
#include "cli/string_tools.h"
#include "core/suggest.h"
#include "report/formats.h"
#include "report/suggest_config.h"

namespace hfoffline::cli {
namespace {

using report::Format;
using report::RenderOptions;
using report::Report;

constexpr std::string_view kFormatHelp =
    "one of"
#define FORMAT(name, ending, rows, help) " " #name
#include "report/formats.def"
#undef FORMAT
    "; default: github on GitHub Actions, else text";

constexpr std::string_view kEndingHelp =
    "write to FILE instead of stdout, in the format of its ending:"
#define FORMAT(name, ending, rows, help) " " ending
#include "report/formats.def"
#undef FORMAT
    "; may be repeated";

constexpr Flag kFlags[] = {
    {"format", "FORMAT", kFormatHelp},
    {"output", "FILE", kEndingHelp, 'o', true},
    {"group-by", "GROUP", "host (or path), test or process (default: host)"},
    {"since", "TIME",
     "leave out what is older: a date, a time in UTC (2026-11-20T18:49), or 90s, 30m, 2h, 7d"},
    {"fail-on", "WHAT",
     "exit with 3 if there is a violation, any line, a lost or damaged line (lost), or one of a "
     "kind (egress, name, write, probe, environment, exec); separated by commas (default: never)"},
    {"all-attempts", "",
     "with --fail-on: count the attempts that another one of the same worker followed, too"},
    {"rows", "N", "show at most N rows (default: what suits the format)"},
    {"suggest-config", "",
     "print the smallest hfoffline.toml with which the same run passes, and the tests that need "
     "each line"},
};

std::string environment_value(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// A word that nothing in a record can guess.
std::string stop_word() {
  unsigned char bytes[16] = {};
  if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) return "";
  std::string result = "hfoffline-";
  for (const unsigned char byte : bytes) {
    result.push_back("0123456789abcdef"[byte >> 4]);
    result.push_back("0123456789abcdef"[byte & 15]);
  }
  return result;
}

// Writes what `render` makes to a descriptor. False, with `*problem`, if that fails.
template <class Render>
bool write_all(int descriptor, std::string* problem, Render render) {
  report::Output out([&](std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = write(descriptor, text.data(), text.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {
        *problem = std::strerror(errno);
        return false;
      }
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  });
  render(out);
  return out.flush();
}

template <class Render>
bool write_file(const std::string& file, int flags, Render render) {
  const int descriptor =
      open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | flags, 0666);
  std::string problem;
  bool good = descriptor >= 0;
  if (good) {
    good = write_all(descriptor, &problem, render);
    if (close(descriptor) != 0 && good) {
      problem = std::strerror(errno);
      good = false;
    }
  } else {
    problem = std::strerror(errno);
  }
  if (!good) error(cat(printable(file), " cannot be written: ", problem));
  return good;
}

struct Wanted {
  const Format* format = nullptr;  // of stdout; nullptr: nothing goes there
  struct File {
    std::string name;
    const Format* format;
  };
  std::vector<File> files;
  RenderOptions options;
  std::size_t rows = 0;  // 0: what suits the format
  std::string since;
  std::string fail_on = "never";
};

bool unknown(std::string_view flag, std::string_view value, std::string_view names) {
  Suggestion suggestion(value);
  for (const std::string_view name : split_skipping_empty(names, " ")) suggestion.offer(name);
  std::string text = cat("--", flag, ": \"", printable(value), "\" is none of ",
                         join(split_skipping_empty(names, " "), ", "));
  if (!suggestion.best().empty()) append(&text, "; did you mean \"", suggestion.best(), "\"?");
  error(text);
  return false;
}

std::string format_names() {
  std::string names;
  for (const Format& format : report::formats()) append(&names, format.name, " ");
  return names;
}

bool read_outputs(const Arguments& arguments, Wanted& wanted) {
  if (arguments.given("format")) {
    wanted.format = report::find_format(arguments.value("format"));
    if (wanted.format == nullptr)
      return unknown("format", arguments.value("format"), format_names());
  }
  for (const std::string_view file : arguments.values("output")) {
    const Format* format = wanted.format != nullptr ? wanted.format : report::format_of_file(file);
    if (format == nullptr) {
      error(cat("--output ", printable(file), ": its ending names no format; give --format"));
      return false;
    }
    wanted.files.push_back({std::string(file), format});
  }
  if (!wanted.files.empty()) {
    wanted.format = nullptr;
  } else if (wanted.format == nullptr) {
    const bool on_github = environment_value("GITHUB_ACTIONS") == "true";
    wanted.format = report::find_format(on_github ? "github" : "text");
  }
  return true;
}

bool read_flags(const Arguments& arguments, Wanted& wanted) {
  if (!read_outputs(arguments, wanted)) return false;
  if (arguments.given("group-by") &&
      !report::parse_group_by(arguments.value("group-by"), &wanted.options.group_by))
    return unknown("group-by", arguments.value("group-by"), "host test process");
  if (arguments.given("since") &&
      !parse_since(arguments.value("since"), static_cast<std::uint64_t>(std::time(nullptr)),
                   &wanted.since)) {
    error(cat("--since: \"", printable(arguments.value("since")),
              "\" is no time\n  give a date (2026-11-20), a time in UTC (2026-11-20T18:49), or how "
              "long ago (90s, 30m, 2h, 7d)"));
    return false;
  }
  if (arguments.given("fail-on")) {
    wanted.fail_on = arguments.value("fail-on");
    const std::string wrong = unknown_fail_on(wanted.fail_on);
    if (!wrong.empty() || wanted.fail_on.find(",,") != std::string::npos)
      return unknown("fail-on", wrong, fail_on_names());
  }
  if (arguments.given("rows")) {
    std::uint64_t rows = 0;
    if (!parse_decimal(arguments.value("rows"), 1000000000, &rows) || rows == 0) {
      error(cat("--rows is a number from 1 on, not \"", printable(arguments.value("rows")), "\""));
      return false;
    }
    wanted.rows = static_cast<std::size_t>(rows);
  }
  return true;
}

RenderOptions options_for(const Wanted& wanted, const Format& format) {
  RenderOptions options = wanted.options;
  options.rows = wanted.rows != 0 ? wanted.rows : format.rows;
  return options;
}

bool print_format(const Report& report, const Wanted& wanted) {
  RenderOptions options = options_for(wanted, *wanted.format);
  options.colour = stdout_has_colour();
  const bool is_github = wanted.format->name == "github";
  if (is_github) options.github_stop_word = stop_word();
  std::string problem;
  if (!write_all(STDOUT_FILENO, &problem,
                 [&](report::Output& out) { wanted.format->render(report, options, out); })) {
    error(cat("stdout cannot be written: ", problem));
    return false;
  }
  const std::string summary = is_github ? environment_value("GITHUB_STEP_SUMMARY") : "";
  return summary.empty() || write_file(summary, O_APPEND, [&](report::Output& out) {
           render_github_summary(report, options, out);
         });
}

bool write_outputs(const Report& report, const Wanted& wanted) {
  bool good = wanted.format == nullptr || print_format(report, wanted);
  for (const Wanted::File& file : wanted.files) {
    const RenderOptions options = options_for(wanted, *file.format);
    // A file of GitHub's Markdown is the table: nobody reads commands from a file.
    const bool is_table = file.format->name == "github";
    good = write_file(file.name, O_TRUNC,
                      [&](report::Output& out) {
                        is_table ? render_github_summary(report, options, out)
                                 : file.format->render(report, options, out);
                      }) &&
           good;
  }
  return good;
}

int print_suggestion(const Report& report) {
  report::ConfigSuggestion suggestion;
  bool refused = false;
  bool audited = false;
  for (const report::Finding& finding : report.findings) {
    report::Need need;
    need.kind = report.text(finding.kind);
    need.reason = report.text(finding.reason);
    need.verdict = report.text(finding.verdict);
    need.target = report.text(finding.target);
    need.host = report.text(finding.host);
    need.port = finding.port;
    need.test = report.text(finding.test);
    need.program = report::last_component(report.text(finding.exe));
    audited = audited || need.verdict == "audit";
    refused = refused || (need.verdict == "refuse" && need.kind != "probe");
    suggestion.add(need);
  }
  std::string text;
  if (suggestion.is_empty()) {
    text = suggestion.is_enough() ? "# Nothing is needed: this passes without any setting.\n"
                                  : "# No setting makes the same run pass:\n";
  } else {
    text = suggestion.is_enough()
               ? "# With this hfoffline.toml the same run passes. Behind each line, or above it:\n"
                 "# the tests that need it.\n"
               : "# With this hfoffline.toml the same run passes, but for what no setting lets\n"
                 "# through, see the end. Behind each line, or above it: the tests that need it.\n";
  }
  if (refused && !audited) {
    append(&text,
           "# It was recorded with refusals, behind which more may come up: --mode audit\n"
           "# shows everything at once.\n");
  }
  for (const report::Run& run : report.runs) {
    if (run.line.config.empty()) continue;
    append(&text, "# The run used ", printable(run.line.config), ": add this to it.\n");
    break;
  }
  if (report.unlisted != 0) append(&text, "# Not complete: there were too many requests.\n");
  append(&text, suggestion.toml());
  return print(text);
}

}  // namespace

const Usage report_usage = {
    .synopsis = "[FLAG]... FILE...",
    .description =
        "Merges the records of runs, shards and retries and shows what was refused. FILE is what "
        "`hfoffline run --record FILE` wrote; - is stdin. Attempts of a shard are told apart where "
        "its runs were given a name (--worker).\n\n"
        "Exit code: 0; 2 wrong usage or a file cannot be read; 3 --fail-on; 125 the output cannot "
        "be written.",
    .examples =
        "hfoffline report refusals.jsonl\n"
        "hfoffline report --group-by test -o report.html -o junit.xml shard-*.jsonl\n"
        "hfoffline report --fail-on violation --since 2h refusals.jsonl\n"
        "hfoffline report --suggest-config audit.jsonl",
    .flags = kFlags,
    .takes_settings = false,
    .positionals = Positionals::kMany,
};

int report_command(const Context&, const Arguments& arguments) {
  Wanted wanted;
  if (!read_flags(arguments, wanted)) return kWrongUse;
  report::ReportBuilder builder(wanted.since);
  if (!read_records(arguments.positionals, builder)) return kWrongUse;
  const Report& report = builder.finish();
  if (arguments.has("suggest-config")) return print_suggestion(report);
  if (!write_outputs(report, wanted)) return kOurFailure;
  const std::string failed = failures(report, wanted.fail_on, arguments.has("all-attempts"));
  if (failed.empty()) return kSuccess;
  note(cat("exit code 3: --fail-on ", failed));
  return kRefusalsFound;
}

}  // namespace hfoffline::cli
