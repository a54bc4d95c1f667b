// For programs. docs/report.md has the fields.
#include "report/escape.h"
#include "report/formats.h"

namespace hfoffline::report {
namespace {

constexpr int kReportSchema = 1;

std::string optional(std::string_view text) { return text.empty() ? "null" : json(text); }

std::string time_or_null(std::int64_t milliseconds) {
  return milliseconds < 0 ? "null" : json(record_time(milliseconds));
}

void write_run(const Run& run, Output& out) {
  const RunLine& line = run.line;
  out << "{\"run\":" << json(run.name) << ",\"ended\":" << (run.ended ? "true" : "false")
      << ",\"worker\":" << optional(line.worker) << ",\"machine\":" << optional(line.machine)
      << ",\"command\":" << optional(line.command) << ",\"mode\":" << optional(line.mode)
      << ",\"attempt\":" << run.attempt << ",\"attempts\":" << run.attempts
      << ",\"records\":" << run.records << ",\"first\":" << time_or_null(run.first_ms)
      << ",\"last\":" << time_or_null(run.last_ms);
  if (run.ended) {
    out << ",\"started\":" << optional(line.started) << ",\"time\":" << optional(line.ended)
        << ",\"exit_code\":" << line.exit_code << ",\"wall_ms\":" << line.wall_ms
        << ",\"user_ms\":" << line.user_ms << ",\"system_ms\":" << line.system_ms
        << ",\"peak_memory_kib\":" << line.peak_memory_kib << ",\"refusals\":" << line.refusals
        << ",\"violations\":" << line.violations << ",\"lost\":" << line.lost;
  }
  out << "}";
}

void write_finding(const Report& report, const Finding& finding, Output& out) {
  const auto text = [&](TextId id) { return json(report.text(id)); };
  const auto optional_text = [&](TextId id) { return optional(report.text(id)); };
  out << "{\"run\":" << json(report.runs[finding.run].name) << ",\"kind\":" << text(finding.kind)
      << ",\"reason\":" << text(finding.reason) << ",\"verdict\":" << text(finding.verdict)
      << ",\"violation\":" << (report.is_violation(finding) ? "true" : "false")
      << ",\"op\":" << text(finding.operation) << ",\"target\":" << text(finding.target)
      << ",\"host\":" << optional_text(finding.host) << ",\"port\":";
  if (finding.port < 0) {
    out << "null";
  } else {
    out << finding.port;
  }
  out << ",\"errno\":" << optional_text(finding.error)
      << ",\"test\":" << optional_text(finding.test) << ",\"exe\":" << text(finding.exe)
      << ",\"pid\":";
  if (finding.pid == 0) {
    out << "null";
  } else {
    out << finding.pid;
  }
  out << ",\"rule\":" << text(finding.rule) << ",\"count\":" << finding.count
      << ",\"first\":" << time_or_null(finding.first_ms)
      << ",\"last\":" << time_or_null(finding.last_ms) << "}";
}

void write_groups(const Report& report, const RenderOptions& options, Output& out) {
  const std::vector<Group> groups = group_findings(report, options.group_by);
  std::string_view comma = "\n";
  std::size_t shown = 0;
  for (const Group& group : groups) {
    if (shown++ == options.rows) break;
    out << comma << "{\"section\":" << json(section_title(group.section))
        << ",\"label\":" << json(group.label) << ",\"count\":" << group.count
        << ",\"violation\":" << (group.is_violation ? "true" : "false")
        << ",\"last_attempt\":" << (group.only_earlier ? "false" : "true")
        << ",\"findings\":" << group.findings.size() << "}";
    comma = ",\n";
  }
}

}  // namespace

void render_json(const Report& report, const RenderOptions& options, Output& out) {
  constexpr std::string_view kNames[] = {"network", "writes", "starts", "let_through", "uncounted"};
  static_assert(std::size(kNames) == kSectionCount);
  out << "{\"report_schema\":" << kReportSchema << ",\n\"totals\":{";
  for (std::size_t i = 0; i < kSectionCount; ++i)
    out << (i == 0 ? "" : ",") << json(kNames[i]) << ":" << report.totals[i];
  out << ",\"violations\":" << report.violations
      << ",\"violations_of_last_attempts\":" << report.last_violations
      << ",\"unlisted\":" << report.unlisted << ",\"lost\":" << report.lost << "},\n\"inputs\":{";
  const Inputs& inputs = report.inputs;
  out << "\"files\":[";
  for (std::size_t i = 0; i < inputs.names.size(); ++i)
    out << (i == 0 ? "" : ",") << json(inputs.names[i]);
  out << "],\"lines\":" << inputs.lines << ",\"damaged\":" << inputs.damaged
      << ",\"torn\":" << inputs.torn << ",\"other_versions\":" << inputs.other_versions
      << ",\"before_since\":" << inputs.before_since << "},\n\"runs\":[";
  std::string_view comma = "\n";
  for (const Run& run : report.runs) {
    out << comma;
    write_run(run, out);
    comma = ",\n";
  }
  out << "],\n\"groups\":[";
  write_groups(report, options, out);
  out << "],\n\"findings\":[";
  comma = "\n";
  std::size_t shown = 0;
  for (const Finding& finding : report.findings) {
    if (shown++ == options.rows) break;
    out << comma;
    write_finding(report, finding, out);
    comma = ",\n";
  }
  out << "]}\n";
}

}  // namespace hfoffline::report
