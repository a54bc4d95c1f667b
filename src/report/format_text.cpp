// For people: 80 columns, like the summary of a run.
#include <algorithm>
#include <map>
#include <set>

#include "report/escape.h"
#include "report/formats.h"

namespace hfoffline::report {
namespace {

constexpr std::size_t kWidth = 79;
constexpr std::size_t kMaximumDetails = 3;  // per group
constexpr std::size_t kMaximumRuns = 12;

class Page {
 public:
  Page(Output& out, bool colour) : out_(out), colour_(colour) {}

  void line(std::size_t indent, std::string_view text) {
    out_ << std::string(indent, ' ') << text << "\n";
  }
  void wrapped(std::size_t indent, std::string_view text) {
    line(indent, wrap(text, kWidth - indent, indent));
  }
  std::string strong(std::string_view text) const { return in("\033[1m", text); }
  std::string alarming(std::string_view text) const { return in("\033[1;31m", text); }
  std::string faint(std::string_view text) const { return in("\033[2m", text); }

 private:
  std::string in(std::string_view start, std::string_view text) const {
    std::string result;
    if (colour_) result += start;
    result += text;
    if (colour_) result += "\033[0m";
    return result;
  }

  Output& out_;
  bool colour_;
};

// Texts in the order in which they were first seen, each with what was added to it.
class Tally {
 public:
  std::uint64_t& operator[](const std::string& text) {
    const auto [entry, added] = counts_.try_emplace(text, 0);
    if (added) order_.push_back(text);
    return entry->second;
  }
  const std::vector<std::string>& texts() const { return order_; }
  std::uint64_t count(const std::string& text) const { return counts_.at(text); }

 private:
  std::vector<std::string> order_;
  std::map<std::string, std::uint64_t> counts_;
};

std::string joined(const std::set<std::string>& texts) {
  std::string result;
  for (const std::string& text : texts) result += (result.empty() ? "" : ", ") + text;
  return result;
}

void show_more(std::size_t count, std::string_view what, Page& page) {
  if (count > kMaximumDetails)
    page.line(8, "and " + std::to_string(count - kMaximumDetails) + " more " + std::string(what));
}

// "python3.11 (812, 813 and 4 more)"
std::string program_text(const std::string& program, const std::set<std::int64_t>& pids) {
  std::string text = display(program);
  std::size_t shown = 0;
  for (const std::int64_t pid : pids) {
    if (shown++ == kMaximumDetails) break;
    text += (shown == 1 ? " (" : ", ") + std::to_string(pid);
  }
  if (pids.size() > kMaximumDetails)
    text += " and " + std::to_string(pids.size() - kMaximumDetails) + " more";
  return shown == 0 ? text : text + ")";
}

// Who did it, and in which tests.
void show_who(const Report& report, const Group& group, Page& page) {
  std::map<std::string, std::set<std::string>> operations;
  std::map<std::string, std::set<std::int64_t>> pids;
  Tally programs;
  Tally tests;
  for (const Finding* finding : group.findings) {
    const std::string program(last_component(report.text(finding->exe)));
    programs[program] += finding->count;
    operations[program].insert(operation_of(report, *finding));
    if (finding->pid > 0) pids[program].insert(finding->pid);
    if (finding->test != kNoText) tests[std::string(report.text(finding->test))] += finding->count;
  }
  for (std::size_t i = 0; i < std::min(programs.texts().size(), kMaximumDetails); ++i) {
    const std::string& program = programs.texts()[i];
    page.wrapped(
        8, program_text(program, pids[program]) + ": " + display(joined(operations[program])));
  }
  show_more(programs.texts().size(), "programs", page);
  for (std::size_t i = 0; i < std::min(tests.texts().size(), kMaximumDetails); ++i)
    page.line(8, "in " + shorten(display(tests.texts()[i]), kWidth - 11));
  show_more(tests.texts().size(), "tests", page);
}

// What was tried.
void show_what(const Report& report, const Group& group, Page& page) {
  Tally targets;
  std::map<std::string, std::set<std::string>> operations;
  for (const Finding* finding : group.findings) {
    const std::string where = where_of(report, *finding);
    targets[where] += finding->count;
    operations[where].insert(operation_of(report, *finding));
  }
  for (std::size_t i = 0; i < std::min(targets.texts().size(), kMaximumDetails); ++i) {
    const std::string& where = targets.texts()[i];
    const std::string count = std::to_string(targets.count(where)) + "x ";
    const std::string how = " (" + display(joined(operations[where])) + ")";
    const std::size_t room = kWidth - 8 - count.size();
    if (how.size() + 24 < room) {
      std::string line = count + shorten(display(where), room - how.size());
      line += how;
      page.line(8, line);
    } else {
      page.line(8, count + shorten(display(where), room));
      page.wrapped(10, how.substr(1));
    }
  }
  show_more(targets.texts().size(), "targets", page);
}

void show_group(const Report& report, const Group& group, const RenderOptions& options,
                Page& page) {
  const std::string count = std::to_string(group.count) + "x  ";
  page.line(4, count + shorten(display(group.label), kWidth - 4 - count.size()));
  if (options.group_by == GroupBy::kHost) {
    show_who(report, group, page);
  } else {
    show_what(report, group, page);
  }
  if (group.only_earlier) page.line(8, page.faint("not in the last attempt"));
}

std::string_view things(GroupBy group_by) {
  return group_by == GroupBy::kHost   ? "targets"
         : group_by == GroupBy::kTest ? "tests"
                                      : "processes";
}

void show_section(const Report& report, Section section, const std::vector<Group>& groups,
                  const RenderOptions& options, Page& page) {
  const std::uint64_t total = report.totals[static_cast<std::size_t>(section)];
  if (total == 0) return;
  const std::string title =
      std::string(section_title(section)) + " (" + std::to_string(total) + ")";
  const bool bad = section != Section::kUncounted && section != Section::kLetThrough;
  page.line(2, bad ? page.alarming(title) : page.strong(title));
  std::size_t shown = 0;
  std::size_t all = 0;
  for (const Group& group : groups) {
    if (group.section != section) continue;
    if (++all > options.rows) continue;
    ++shown;
    show_group(report, group, options, page);
  }
  if (all > shown) {
    page.line(4, "and " + std::to_string(all - shown) + " more " +
                     std::string(things(options.group_by)) + "; --rows N shows N");
  }
}

void show_run(const Run& run, Page& page) {
  page.wrapped(4, display(run_label(run)));
  const RunLine& line = run.line;
  if (!run.ended) {
    page.wrapped(8, "no line for its end (killed, or a bare LD_PRELOAD); " +
                        plural(run.records, "line", "lines"));
    return;
  }
  page.line(8, shorten(display(line.command), kWidth - 8));
  std::string cost = "exit code " + std::to_string(line.exit_code) + ", " +
                     duration_text(line.wall_ms) + ", CPU " +
                     duration_text(line.user_ms + line.system_ms) + ", peak " +
                     memory_text(line.peak_memory_kib);
  if (line.lost != 0) cost += ", " + plural(line.lost, "line", "lines") + " lost";
  page.wrapped(8, cost);
}

void show_runs(const Report& report, Page& page) {
  if (report.runs.empty()) return;
  page.line(2, page.strong("runs (" + std::to_string(report.runs.size()) + ")"));
  for (std::size_t i = 0; i < std::min(report.runs.size(), kMaximumRuns); ++i)
    show_run(report.runs[i], page);
  if (report.runs.size() > kMaximumRuns)
    page.line(4, "and " + std::to_string(report.runs.size() - kMaximumRuns) + " more");
}

std::string headline(const Report& report) {
  const auto total = [&](Section section) {
    return report.totals[static_cast<std::size_t>(section)];
  };
  const std::uint64_t refused = total(Section::kNetwork) + total(Section::kWrites);
  std::string text = "hfoffline: ";
  text += refused == 0 ? "nothing was refused"
                       : plural(refused, "request was refused", "requests were refused");
  if (total(Section::kStarts) != 0)
    text += "; " + plural(total(Section::kStarts), "program was", "programs were") + " not started";
  if (total(Section::kLetThrough) != 0) {
    text += "; " + std::to_string(total(Section::kLetThrough)) +
            " let through that would be refused (audit)";
  }
  return text + "; " + plural(report.runs.size(), "run", "runs");
}

}  // namespace

void render_text(const Report& report, const RenderOptions& options, Output& out) {
  Page page(out, options.colour);
  const std::string text = wrap(headline(report), kWidth, 0);
  page.line(0, report.violations != 0 ? page.alarming(text) : page.strong(text));
  const std::vector<Group> groups = group_findings(report, options.group_by);
  for (std::size_t i = 0; i < kSectionCount; ++i)
    show_section(report, static_cast<Section>(i), groups, options, page);
  show_runs(report, page);
  for (const std::string& remark : remarks(report)) page.wrapped(2, display(remark));
}

}  // namespace hfoffline::report
