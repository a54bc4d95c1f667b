// `hfoffline compare`: one record against another.
#include "report/compare.h"

#include <cstdlib>
#include <string>

#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/message.h"
#include "cli/record_inputs.h"
#include "cli/standard_output.h"
#include "cli/string_tools.h"
#include "core/text.h"

namespace hfoffline::cli {
namespace {

constexpr Flag kFlags[] = {
    {"max-frequency", "FACTOR", "how much more often something may happen per run (default: 1)"},
    {"max-wall", "FACTOR", "how much longer a run may take (default: 1.2)"},
    {"max-cpu", "FACTOR", "how much more processor time it may use (default: 1.2)"},
    {"max-memory", "FACTOR", "how much larger its largest process may get (default: 1.1)"},
    {"rows", "N", "show at most N rows of each sort (default: 25)"},
};

bool read_factor(const Arguments& arguments, std::string_view flag, double* factor) {
  if (!arguments.given(flag)) return true;
  const std::string text(arguments.value(flag));
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const bool plain = text.find_first_not_of("0123456789.") == text.npos;
  if (!plain || *end != '\0' || value < 1 || value > 1e6) {
    error(cat("--", flag, " is a factor from 1 on, such as 1.2, not \"", printable(text), "\""));
    return false;
  }
  *factor = value;
  return true;
}

}  // namespace

const Usage compare_usage = {
    .synopsis = "[FLAG]... BASE NEW",
    .description =
        "Compares two records: requests that are new, gone or more frequent, and what the runs "
        "cost (the median, where a record holds several). Both are files that `hfoffline run "
        "--record FILE` wrote; records of shards can be put behind each other with cat. - is "
        "stdin.\n\n"
        "A regression is a violation that is new or more frequent, and a cost over its threshold. "
        "Less than a quarter of a second and 8 MiB mean nothing and are never a regression.\n\n"
        "Exit code: 0; 2 wrong usage or a file cannot be read; 3 there is a regression.",
    .examples =
        "hfoffline compare main.jsonl branch.jsonl\n"
        "hfoffline compare --max-wall 1.5 --max-memory 1.3 main.jsonl branch.jsonl",
    .flags = kFlags,
    .takes_settings = false,
    .positionals = Positionals::kTwo,
};

int compare_command(const Context&, const Arguments& arguments) {
  report::Thresholds thresholds;
  std::uint64_t rows = 25;
  if (!read_factor(arguments, "max-frequency", &thresholds.frequency) ||
      !read_factor(arguments, "max-wall", &thresholds.wall) ||
      !read_factor(arguments, "max-cpu", &thresholds.cpu) ||
      !read_factor(arguments, "max-memory", &thresholds.memory))
    return kWrongUse;
  if (arguments.given("rows") &&
      (!parse_decimal(arguments.value("rows"), 1000000000, &rows) || rows == 0)) {
    error(cat("--rows is a number from 1 on, not \"", printable(arguments.value("rows")), "\""));
    return kWrongUse;
  }
  const std::span<const std::string_view> files(arguments.positionals);
  report::ReportBuilder base;
  report::ReportBuilder now;
  if (!read_records(files.subspan(0, 1), base) || !read_records(files.subspan(1, 1), now))
    return kWrongUse;
  const report::Comparison comparison = report::compare(base.finish(), now.finish(), thresholds);
  std::string text;
  {
    report::Output out([&](std::string_view piece) {
      text += piece;
      return true;
    });
    render_comparison(comparison, static_cast<std::size_t>(rows), stdout_has_colour(), out);
  }
  const int code = print(text);
  if (code != kSuccess) return code;
  return comparison.has_regression() ? kRefusalsFound : kSuccess;
}

}  // namespace hfoffline::cli
