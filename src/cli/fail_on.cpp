#include "cli/fail_on.h"

#include <algorithm>
#include <vector>

#include "cli/string_tools.h"
#include "core/reasons.h"

namespace hfoffline::cli {
namespace {

std::vector<std::string_view> names() {
  std::vector<std::string_view> result = {"never", "violation", "any", "lost"};
  for (int i = 0; i < static_cast<int>(Kind::count); ++i)
    result.push_back(kind_name(static_cast<Kind>(i)));
  return result;
}

bool holds(const report::Report& report, std::string_view word, bool all_attempts) {
  if (word == "never") return false;
  if (word == "lost") return report.lost != 0 || report.inputs.damaged != 0;
  // What is counted and not listed may be anything.
  if (report.unlisted != 0) return true;
  return std::any_of(report.findings.begin(), report.findings.end(),
                     [&](const report::Finding& finding) {
                       if (!all_attempts && !report.runs[finding.run].is_last_attempt())
                         return false;
                       if (word == "any") return true;
                       return word == "violation" ? report.is_violation(finding)
                                                  : report.text(finding.kind) == word;
                     });
}

}  // namespace

std::string fail_on_names() { return join(names(), " "); }

std::string unknown_fail_on(std::string_view wanted) {
  const std::vector<std::string_view> known = names();
  for (const std::string_view word : split(wanted, ",")) {
    if (std::find(known.begin(), known.end(), word) == known.end()) return std::string(word);
  }
  return "";
}

std::string failures(const report::Report& report, std::string_view wanted, bool all_attempts) {
  std::vector<std::string_view> result;
  for (const std::string_view word : split(wanted, ",")) {
    if (holds(report, word, all_attempts)) result.push_back(word);
  }
  return join(result, ", ");
}

}  // namespace hfoffline::cli
