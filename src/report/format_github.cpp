// GitHub Actions: workflow commands on stdout make annotations, a table goes to the step's summary.
#include <algorithm>
#include <utility>

#include "report/escape.h"
#include "report/formats.h"

namespace hfoffline::report {
namespace {

// GitHub shows ten annotations of a level per step, and cuts off what is longer.
constexpr std::size_t kMaximumAnnotations = 10;
constexpr std::size_t kMaximumMessage = 3000;
// A step's summary may have 1 MiB; GitHub drops one that is larger.
constexpr std::size_t kMaximumSummaryRows = 1000;

// The test's file, where its name has one that a checkout can hold.
std::string file_of(const Report& report, const Group& group) {
  for (const Finding* finding : group.findings) {
    const std::string_view test = report.text(finding->test);
    const std::size_t colons = test.find("::");
    if (colons != test.npos && colons != 0 && test[0] != '/')
      return display(test.substr(0, colons));
  }
  return "";
}

std::string title_of(Section section) {
  switch (section) {
    case Section::kNetwork:
      return "hfoffline: network refused";
    case Section::kWrites:
      return "hfoffline: write refused";
    case Section::kStarts:
      return "hfoffline: program not started";
    default:
      return "hfoffline: let through in audit mode";
  }
}

std::string message_of(const Report& report, const Group& group) {
  std::string text = display(group.label) + ": " + plural(group.count, "time", "times");
  std::size_t shown = 0;
  for (const Finding* finding : group.findings) {
    if (++shown > 5) {
      text += "\nand " + std::to_string(group.findings.size() - 5) + " more";
      break;
    }
    text += "\n" + std::to_string(finding->count) + "x " + display(operation_of(report, *finding)) +
            " " + display(where_of(report, *finding)) + " by " +
            display(process_of(report, *finding));
    if (finding->test != kNoText) text += " in " + display(report.text(finding->test));
  }
  return shorten(text, kMaximumMessage);
}

void annotate(std::string_view level, const Group& group, const Report& report, Output& out) {
  out << "::" << level << " title=" << github_property(title_of(group.section));
  const std::string file = file_of(report, group);
  if (!file.empty()) out << ",file=" << github_property(file);
  out << "::" << github_message(message_of(report, group)) << "\n";
}

// Inside a block of HTML no Markdown is read, as long as there is no empty line in it.
std::string code(std::string_view text) { return "<code>" + markup(text) + "</code>"; }

// The first few different ones; `name_of` a finding may be empty.
template <class NameOf>
std::string names_of(const Group& group, NameOf name_of) {
  constexpr std::size_t kMost = 3;
  std::vector<std::string> seen;
  for (const Finding* finding : group.findings) {
    std::string name = name_of(*finding);
    if (name.empty() || std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
    seen.push_back(std::move(name));
    if (seen.size() > kMost) break;
  }
  std::string result;
  for (std::size_t i = 0; i < std::min(seen.size(), kMost); ++i)
    result += (i == 0 ? "" : "<br>") + code(seen[i]);
  return seen.size() > kMost ? result + "<br>and more" : result;
}

std::string processes_of(const Report& report, const Group& group) {
  return names_of(group, [&](const Finding& finding) { return process_of(report, finding); });
}

std::string tests_of(const Report& report, const Group& group) {
  return names_of(group,
                  [&](const Finding& finding) { return std::string(report.text(finding.test)); });
}

}  // namespace

void render_github(const Report& report, const RenderOptions& options, Output& out) {
  const std::vector<Group> groups = group_findings(report, options.group_by);
  std::size_t errors = 0;
  std::size_t warnings = 0;
  for (const Group& group : groups) {
    if (group.section == Section::kUncounted) continue;
    const bool is_error = group.is_violation && !group.only_earlier;
    std::size_t& shown = is_error ? errors : warnings;
    if (shown++ < kMaximumAnnotations) annotate(is_error ? "error" : "warning", group, report, out);
  }
  if (options.github_stop_word.empty()) return;
  // The report itself, as something that the runner must not read commands from.
  out << "::stop-commands::" << options.github_stop_word << "\n";
  RenderOptions text = options;
  text.colour = false;
  text.rows = std::min(options.rows, find_format("text")->rows);
  render_text(report, text, out);
  out << "::" << options.github_stop_word << "::\n";
}

void render_github_summary(const Report& report, const RenderOptions& options, Output& out) {
  const std::vector<Group> groups = group_findings(report, options.group_by);
  out << "## hfoffline\n\n";
  if (report.violations == 0) out << "Nothing was refused that counts as a violation.\n\n";
  std::size_t shown = 0;
  const std::size_t rows = std::min(options.rows, kMaximumSummaryRows);
  for (auto group = groups.begin(); group != groups.end() && shown < rows;) {
    const Section section = group->section;
    out << "<details" << (section == Section::kUncounted ? "" : " open") << "><summary>"
        << markup(section_title(section)) << " ("
        << report.totals[static_cast<std::size_t>(section)]
        << ")</summary>\n<table>\n<tr><th>count</th><th>"
        << (options.group_by == GroupBy::kHost   ? "target"
            : options.group_by == GroupBy::kTest ? "test"
                                                 : "process")
        << "</th><th>process</th><th>test</th></tr>\n";
    for (; group != groups.end() && group->section == section && shown < rows; ++group, ++shown) {
      out << "<tr><td>" << group->count << "</td><td>" << code(shorten(group->label, 200))
          << (group->only_earlier ? "<br>not in the last attempt" : "") << "</td><td>"
          << processes_of(report, *group) << "</td><td>" << tests_of(report, *group)
          << "</td></tr>\n";
    }
    out << "</table>\n</details>\n\n";
  }
  if (groups.size() > shown) out << groups.size() - shown << " more rows are left out.\n\n";
  for (const std::string& remark : remarks(report)) out << markup(remark) << ".\n\n";
}

}  // namespace hfoffline::report
