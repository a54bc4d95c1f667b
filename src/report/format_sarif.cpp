// SARIF 2.1.0 (OASIS): a rule per reason, a result per finding.
#include <algorithm>

#include "core/reasons.h"
#include "core/text.h"
#include "report/escape.h"
#include "report/formats.h"

namespace hfoffline::report {
namespace {

constexpr int kReasonCount = static_cast<int>(Reason::count);

int rule_index(std::string_view code) {
  for (int i = 1; i < kReasonCount; ++i) {
    if (reason_info(static_cast<Reason>(i)).code == code) return i - 1;
  }
  return -1;
}

std::string_view level_of(const Report& report, const Finding& finding) {
  if (report.is_violation(finding))
    return report.runs[finding.run].is_last_attempt() ? "error" : "warning";
  return report.section(finding) == Section::kUncounted ? "note" : "warning";
}

void write_rules(Output& out) {
  for (int i = 1; i < kReasonCount; ++i) {
    const ReasonInfo& info = reason_info(static_cast<Reason>(i));
    out << (i == 1 ? "\n" : ",\n") << "{\"id\":" << json(info.code)
        << ",\"shortDescription\":{\"text\":" << json(info.text)
        << "},\"defaultConfiguration\":{\"level\":" << (info.violation ? "\"error\"" : "\"note\"")
        << "}}";
  }
}

// Code scanning shows a result at a file: the test's where its name has one, else the program's.
std::string uri_of(const Report& report, const Finding& finding) {
  const std::string_view test = report.text(finding.test);
  const std::size_t colons = test.find("::");
  if (colons != test.npos && colons != 0 && test[0] != '/') return uri_path(test.substr(0, colons));
  const std::string_view exe = report.text(finding.exe);
  if (exe.starts_with('/')) return "file://" + uri_path(exe);
  return exe.empty() ? "unknown" : uri_path(exe);
}

std::string message_of(const Report& report, const Finding& finding) {
  const bool audited = report.text(finding.verdict) == "audit";
  std::string text = audited ? "let through: " : "";
  text += display(operation_of(report, finding)) + " " + display(where_of(report, finding)) +
          " by " + display(process_of(report, finding));
  if (finding.test != kNoText) text += " in " + display(report.text(finding.test));
  if (finding.count > 1) text += ", " + std::to_string(finding.count) + " times";
  if (!report.runs[finding.run].is_last_attempt()) text += "; not of the last attempt";
  return text;
}

// The same over runs, so that code scanning knows a finding again: no process, no time, no count.
// FNV-1a, since it must not change from one version to the next.
std::string fingerprint_of(const Report& report, const Finding& finding) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::string_view text :
       {report.text(finding.reason), report.text(finding.operation), report.text(finding.target),
        report.text(finding.host), test_without_phase(report.text(finding.test))}) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    hash = hash * 0x100000001b3;  // a NUL, so that texts cannot flow into each other
  }
  char text[32];
  Appender out(text);
  out.add_number(hash, 16, 16);
  return std::string(out.view());
}

void write_result(const Report& report, const Finding& finding, Output& out) {
  const std::string_view test = report.text(finding.test);
  out << "{\"ruleId\":" << json(report.text(finding.reason));
  if (const int index = rule_index(report.text(finding.reason)); index >= 0)
    out << ",\"ruleIndex\":" << index;
  out << ",\"level\":" << json(level_of(report, finding))
      << ",\"message\":{\"text\":" << json(message_of(report, finding)) << "}"
      << ",\"occurrenceCount\":" << std::max<std::uint64_t>(finding.count, 1)
      << ",\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":"
      << json(uri_of(report, finding)) << "},\"region\":{\"startLine\":1}}"
      << ",\"logicalLocations\":[{\"fullyQualifiedName\":"
      << json(display(test.empty() ? process_of(report, finding) : std::string(test)))
      << ",\"kind\":" << (test.empty() ? "\"process\"" : "\"function\"") << "}]}]"
      << ",\"partialFingerprints\":{\"hfofflineFinding/v1\":"
      << json(fingerprint_of(report, finding)) << "}"
      << ",\"properties\":{\"target\":" << json(report.text(finding.target))
      << ",\"verdict\":" << json(report.text(finding.verdict))
      << ",\"rule\":" << json(report.text(finding.rule))
      << ",\"run\":" << json(report.runs[finding.run].name) << "}}";
}

void write_invocation(const Run& run, Output& out) {
  const RunLine& line = run.line;
  out << "{\"executionSuccessful\":" << (line.exit_code == 0 ? "true" : "false")
      << ",\"exitCode\":" << line.exit_code << ",\"commandLine\":" << json(display(line.command));
  if (milliseconds_of(line.started) >= 0) out << ",\"startTimeUtc\":" << json(line.started);
  if (milliseconds_of(line.ended) >= 0) out << ",\"endTimeUtc\":" << json(line.ended);
  if (!line.machine.empty()) out << ",\"machine\":" << json(line.machine);
  out << ",\"properties\":{\"run\":" << json(run.name) << ",\"worker\":" << json(line.worker)
      << ",\"attempt\":" << run.attempt << "}}";
}

}  // namespace

void render_sarif(const Report& report, const RenderOptions& options, Output& out) {
  out << "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\","
         "\"runs\":[{\"tool\":{\"driver\":{\"name\":\"hfoffline\",\"version\":\"" HFOFFLINE_VERSION
         "\",\"rules\":[";
  write_rules(out);
  out << "\n]}},\n\"invocations\":[";
  std::string_view comma = "\n";
  for (const Run& run : report.runs) {
    if (!run.ended) continue;
    out << comma;
    write_invocation(run, out);
    comma = ",\n";
  }
  out << "],\n\"results\":[";
  comma = "\n";
  std::size_t shown = 0;
  for (const Finding& finding : report.findings) {
    if (shown++ == options.rows) break;
    out << comma;
    write_result(report, finding, out);
    comma = ",\n";
  }
  out << "],\n\"properties\":{\"resultsLeftOut\":"
      << (report.findings.size() > options.rows ? report.findings.size() - options.rows : 0)
      << "}}]}\n";
}

}  // namespace hfoffline::report
