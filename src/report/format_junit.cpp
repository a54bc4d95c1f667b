// JUnit XML as CI systems read it: one suite per section, one case per group. What is a violation
// is a failure.
#include <map>

#include "report/escape.h"
#include "report/formats.h"

namespace hfoffline::report {
namespace {

constexpr std::size_t kMaximumLines = 50;  // of one case

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + markup(value) + "\"";
}

// "tests.unit.test_a" of "tests/unit/test_a.py::test_b", so that CI shows a tree.
std::string class_of(const Group& group, GroupBy group_by) {
  std::string result = "hfoffline.";
  const std::size_t colons = group.label.find("::");
  if (group_by != GroupBy::kTest || colons == group.label.npos) {
    const std::string title(section_title(group.section));
    return result + title.substr(0, title.find(' '));
  }
  std::string file = group.label.substr(0, colons);
  if (file.ends_with(".py")) file.resize(file.size() - 3);
  for (char& c : file) {
    if (c == '/') c = '.';
  }
  return result + file;
}

std::string name_of(const Group& group, GroupBy group_by) {
  const std::size_t colons = group.label.find("::");
  return group_by == GroupBy::kTest && colons != group.label.npos ? group.label.substr(colons + 2)
                                                                  : group.label;
}

std::string line_of(const Report& report, const Finding& finding) {
  std::string line = std::to_string(finding.count) + "x " + operation_of(report, finding) + " " +
                     where_of(report, finding) + "; by " + process_of(report, finding) +
                     "; reason " + std::string(report.text(finding.reason)) + "; rule " +
                     std::string(report.text(finding.rule));
  if (finding.test != kNoText) line += "; in " + std::string(report.text(finding.test));
  return line + "; " + run_label(report.runs[finding.run]);
}

void write_details(const Report& report, const Group& group, Output& out) {
  std::size_t shown = 0;
  for (const Finding* finding : group.findings) {
    if (shown++ == kMaximumLines) {
      out << "and " << group.findings.size() - kMaximumLines << " more\n";
      break;
    }
    out << markup(line_of(report, *finding)) << "\n";
  }
}

void write_case(const Report& report, const Group& group, GroupBy group_by, Output& out) {
  out << "    <testcase" << attribute("classname", class_of(group, group_by))
      << attribute("name", name_of(group, group_by)) << " time=\"0\">\n";
  // What the last attempt did not do again is worth a look, and no failure.
  if (group.is_violation && !group.only_earlier) {
    out << "      <failure"
        << attribute("message", plural(group.count, "refusal", "refusals") + ": " + group.label)
        << attribute("type", std::string(section_title(group.section))) << ">";
    write_details(report, group, out);
    out << "</failure>\n";
  } else {
    out << "      <system-out>";
    if (group.only_earlier) out << "not in the last attempt\n";
    write_details(report, group, out);
    out << "</system-out>\n";
  }
  out << "    </testcase>\n";
}

bool fails(const Group& group) { return group.is_violation && !group.only_earlier; }

}  // namespace

void render_junit(const Report& report, const RenderOptions& options, Output& out) {
  std::vector<Group> groups = group_findings(report, options.group_by);
  const std::size_t left_out = groups.size() > options.rows ? groups.size() - options.rows : 0;
  if (left_out != 0) groups.resize(options.rows);
  struct Suite {
    std::size_t tests = 0;
    std::size_t failures = 0;
  };
  std::map<Section, Suite> suites;
  std::size_t failures = 0;
  for (const Group& group : groups) {
    Suite& suite = suites[group.section];
    ++suite.tests;
    suite.failures += fails(group) ? 1 : 0;
    failures += fails(group) ? 1 : 0;
  }
  const bool nothing = groups.empty();
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"hfoffline\" tests=\""
      << (nothing ? 1 : groups.size()) << "\" failures=\"" << failures << "\" errors=\"0\">\n";
  // Some readers take a file without any case for a broken one.
  if (nothing) {
    out << "  <testsuite name=\"network\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\">\n"
           "    <testcase classname=\"hfoffline\" name=\"nothing was refused\" time=\"0\"/>\n"
           "  </testsuite>\n";
  }
  for (auto group = groups.begin(); group != groups.end();) {
    const Section section = group->section;
    const Suite& suite = suites[section];
    out << "  <testsuite" << attribute("name", section_title(section)) << " tests=\"" << suite.tests
        << "\" failures=\"" << suite.failures << "\" errors=\"0\" skipped=\"0\">\n";
    for (; group != groups.end() && group->section == section; ++group)
      write_case(report, *group, options.group_by, out);
    const bool is_last = group == groups.end();
    if (is_last && left_out != 0) {
      out << "    <system-out>and " << left_out << " more; --rows N shows N</system-out>\n";
    }
    out << "  </testsuite>\n";
  }
  out << "</testsuites>\n";
}

}  // namespace hfoffline::report
