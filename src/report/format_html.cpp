// One page that needs no network and no other file. Tables are readable without JavaScript, which
// adds filters and sorting.
#include <algorithm>

#include "report/escape.h"
#include "report/formats.h"

namespace hfoffline::report {
namespace {

constexpr std::string_view kStyle =
#include "report/page_style.inc"
    ;
constexpr std::string_view kScript =
#include "report/page_script.inc"
    ;

constexpr std::size_t kMaximumSuggestions = 300;  // of one filter
constexpr std::size_t kMaximumGroups = 100;
constexpr std::size_t kMaximumRunRows = 200;

std::string_view class_of(Section section) {
  constexpr std::string_view kClasses[] = {"network", "writes", "starts", "let", "uncounted"};
  static_assert(std::size(kClasses) == kSectionCount);
  return kClasses[static_cast<std::size_t>(section)];
}

std::string code(std::string_view text) {
  return text.empty() ? "" : "<code>" + markup(text) + "</code>";
}

void write_head(const Report& report, Output& out) {
  out << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         // Nothing is ever fetched, whatever a record makes of this page.
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
         "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
         "<title>hfoffline report</title>\n<style>"
      << kStyle << "</style>\n</head>\n<body>\n<h1>hfoffline report</h1>\n<p class=\"faint\">"
      << plural(report.runs.size(), "run", "runs") << ", "
      << plural(report.inputs.lines, "line", "lines") << " of ";
  const std::vector<std::string>& names = report.inputs.names;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 5); ++i)
    out << (i == 0 ? "" : ", ") << code(names[i]);
  if (names.size() > 5) out << " and " << names.size() - 5 << " more files";
  out << "</p>\n";
}

void write_tiles(const Report& report, Output& out) {
  out << "<ul class=\"tiles\">\n";
  for (std::size_t i = 0; i < kSectionCount; ++i) {
    const auto section = static_cast<Section>(i);
    // The first two are what everybody asks for; the others are shown if there is something.
    if (i > 1 && report.totals[i] == 0) continue;
    out << "<li class=\"" << class_of(section) << "\"><b>" << report.totals[i] << "</b>"
        << markup(section_title(section)) << "</li>\n";
  }
  out << "</ul>\n";
  for (const std::string& remark : remarks(report))
    out << "<p class=\"faint\">" << markup(remark) << ".</p>\n";
}

void write_bar(const Timeline::Bar& bar, std::uint64_t highest, std::size_t x, std::size_t width,
               Output& out) {
  constexpr std::uint64_t kHeight = 100;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < kSectionCount; ++i) {
    if (bar[i] == 0) continue;
    // One request must be seen beside a million.
    const std::uint64_t height = std::max<std::uint64_t>(bar[i] * kHeight / highest, 2);
    below += height;
    out << "<rect class=\"bar " << class_of(static_cast<Section>(i)) << "\" x=\"" << x << "\" y=\""
        << (below > kHeight + 10 ? 0 : kHeight + 10 - below) << "\" width=\"" << width - 1
        << "\" height=\"" << height << "\"/>";
  }
}

void write_timeline(const Report& report, Output& out) {
  const Timeline& timeline = report.timeline;
  if (timeline.bars().empty()) return;
  const std::int64_t first = timeline.bars().begin()->first;
  const std::int64_t last = timeline.bars().rbegin()->first;
  std::uint64_t highest = 1;
  for (const auto& [at, bar] : timeline.bars()) {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : bar) sum += count;
    highest = std::max(highest, sum);
  }
  // The bars fill the width, however few there are.
  constexpr std::size_t kWidth = Timeline::kBars * 8;
  const std::size_t width = kWidth / (static_cast<std::size_t>(last - first) + 1);
  out << "<h2>Timeline</h2>\n<svg viewBox=\"0 0 " << kWidth
      << " 110\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"requests over time\">\n";
  for (const auto& [at, bar] : timeline.bars()) {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : bar) sum += count;
    const std::int64_t from = at * timeline.width_ms();
    const std::size_t x = static_cast<std::size_t>(at - first) * width;
    out << "<g data-from=\"" << from << "\" data-to=\"" << from + timeline.width_ms()
        << "\"><title>" << time_text(from) << " UTC: " << plural(sum, "request", "requests")
        << "</title><rect class=\"back\" x=\"" << x << "\" y=\"0\" width=\"" << width
        << "\" height=\"110\"/>";
    write_bar(bar, highest, x, width, out);
    out << "</g>\n";
  }
  out << "</svg>\n<div class=\"axis\"><span>" << time_text(first * timeline.width_ms())
      << " UTC</span><span>a bar is " << duration_text(timeline.width_ms()) << "; the highest is "
      << highest << "</span><span>" << time_text((last + 1) * timeline.width_ms())
      << " UTC</span></div>\n";
}

void write_groups(const std::vector<Group>& groups, GroupBy group_by, Output& out) {
  if (groups.empty()) return;
  const std::string_view what = group_by == GroupBy::kHost   ? "target"
                                : group_by == GroupBy::kTest ? "test"
                                                             : "process";
  out << "<h2>By " << what << "</h2>\n<div class=\"scroll\"><table>\n<thead><tr>"
      << "<th class=\"number\" scope=\"col\">count</th><th scope=\"col\">what</th>"
      << "<th scope=\"col\">" << what << "</th></tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < std::min(groups.size(), kMaximumGroups); ++i) {
    const Group& group = groups[i];
    out << "<tr class=\"" << class_of(group.section) << (group.only_earlier ? " earlier" : "")
        << "\"><td class=\"number\">" << group.count << "</td><td><span class=\"mark\">"
        << markup(section_title(group.section)) << "</span></td><td class=\"long\">"
        << code(group.label) << (group.only_earlier ? " not in the last attempt" : "")
        << "</td></tr>\n";
  }
  out << "</tbody></table></div>\n";
  if (groups.size() > kMaximumGroups) {
    out << "<p class=\"faint\">" << groups.size() - kMaximumGroups
        << " more are in the table of findings.</p>\n";
  }
}

void write_runs(const Report& report, Output& out) {
  if (report.runs.empty()) return;
  out << "<h2>Runs</h2>\n<div class=\"scroll\"><table>\n<thead><tr>";
  for (const std::string_view head : {"run", "command", "started (UTC)"})
    out << "<th scope=\"col\">" << head << "</th>";
  for (const std::string_view head : {"exit code", "time", "CPU", "peak memory", "lines"})
    out << "<th class=\"number\" scope=\"col\">" << head << "</th>";
  out << "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < std::min(report.runs.size(), kMaximumRunRows); ++i) {
    const Run& run = report.runs[i];
    const RunLine& line = run.line;
    out << "<tr><td>" << markup(run_label(run)) << "</td>";
    if (run.ended) {
      out << "<td class=\"long\">" << code(line.command) << "</td><td>"
          << time_text(milliseconds_of(line.started)) << "</td><td class=\"number\">"
          << line.exit_code << "</td><td class=\"number\">" << duration_text(line.wall_ms)
          << "</td><td class=\"number\">" << duration_text(line.user_ms + line.system_ms)
          << "</td><td class=\"number\">" << memory_text(line.peak_memory_kib) << "</td>";
    } else {
      out << "<td class=\"long faint\">no line for its end</td><td>" << time_text(run.first_ms)
          << "</td><td></td><td></td><td></td><td></td>";
    }
    out << "<td class=\"number\">" << run.records << "</td></tr>\n";
  }
  out << "</tbody></table></div>\n";
  if (report.runs.size() > kMaximumRunRows) {
    out << "<p class=\"faint\">" << report.runs.size() - kMaximumRunRows
        << " more runs are left out.</p>\n";
  }
}

template <class TextOf>
void write_suggestions(const Report& report, std::size_t rows, std::string_view id, TextOf text_of,
                       Output& out) {
  absl::flat_hash_map<std::string, bool> seen;
  out << "<datalist id=\"" << id << "\">";
  for (std::size_t i = 0; i < std::min(report.findings.size(), rows); ++i) {
    std::string text = text_of(report.findings[i]);
    if (text.empty() || !seen.try_emplace(text, true).second) continue;
    out << "<option value=\"" << markup(text) << "\"></option>";
    if (seen.size() == kMaximumSuggestions) break;
  }
  out << "</datalist>\n";
}

void write_filters(const Report& report, std::size_t rows, Output& out) {
  out << "<form id=\"filters\" hidden>\n";
  for (const std::string_view name : {"host", "test", "process"}) {
    out << "<label class=\"text\">" << name << "<input type=\"search\" id=\"filter-" << name
        << "\" list=\"list-" << name << "\" autocomplete=\"off\"></label>\n";
  }
  for (std::size_t i = 0; i < kSectionCount; ++i) {
    if (report.totals[i] == 0) continue;
    const auto section = static_cast<Section>(i);
    out << "<label><input type=\"checkbox\" value=\"" << class_of(section) << "\" checked> "
        << markup(section_title(section)) << "</label>\n";
  }
  out << "<button type=\"reset\">Show all</button> <span class=\"faint\" id=\"shown\"></span>\n"
         "</form>\n";
  write_suggestions(
      report, rows, "list-host", [&](const Finding& finding) { return where_of(report, finding); },
      out);
  write_suggestions(
      report, rows, "list-test",
      [&](const Finding& finding) { return std::string(report.text(finding.test)); }, out);
  write_suggestions(
      report, rows, "list-process",
      [&](const Finding& finding) { return process_of(report, finding); }, out);
}

void write_finding(const Report& report, const Finding& finding, Output& out) {
  const Run& run = report.runs[finding.run];
  const Section section = report.section(finding);
  out << "<tr class=\"" << class_of(section) << (run.is_last_attempt() ? "" : " earlier")
      << "\" data-first=\"" << finding.first_ms << "\" data-last=\"" << finding.last_ms
      << "\"><td class=\"number\">" << finding.count << "</td><td><span class=\"mark\">"
      << markup(report.text(finding.kind)) << "</span></td><td class=\"long\">"
      << code(where_of(report, finding)) << "</td><td>" << code(operation_of(report, finding))
      << "</td><td>" << code(process_of(report, finding)) << "</td><td class=\"long\">"
      << code(report.text(finding.test)) << "</td><td>" << time_text(finding.first_ms)
      << "</td><td>" << code(report.text(finding.rule)) << "</td><td>" << markup(run_label(run))
      << "</td></tr>\n";
}

void write_findings(const Report& report, std::size_t rows, Output& out) {
  out << "<h2>Findings</h2>\n";
  if (report.findings.empty()) {
    out << "<p>Nothing was refused.</p>\n";
    return;
  }
  write_filters(report, rows, out);
  out << "<div class=\"scroll\"><table id=\"findings\">\n<thead><tr>"
         "<th class=\"number\" scope=\"col\">count</th>";
  for (const std::string_view head :
       {"kind", "target", "operation", "process", "test", "first (UTC)", "rule", "run"})
    out << "<th scope=\"col\">" << head << "</th>";
  out << "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < std::min(report.findings.size(), rows); ++i)
    write_finding(report, report.findings[i], out);
  out << "</tbody></table></div>\n";
  if (report.findings.size() > rows) {
    out << "<p class=\"faint\">" << report.findings.size() - rows
        << " more findings are left out; --rows N shows N.</p>\n";
  }
}

}  // namespace

void render_html(const Report& report, const RenderOptions& options, Output& out) {
  write_head(report, out);
  write_tiles(report, out);
  write_timeline(report, out);
  write_groups(group_findings(report, options.group_by), options.group_by, out);
  write_runs(report, out);
  write_findings(report, options.rows, out);
  out << "<script>" << kScript << "</script>\n</body>\n</html>\n";
}

}  // namespace hfoffline::report
