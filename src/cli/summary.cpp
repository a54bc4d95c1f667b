#include "cli/summary.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "cli/help.h"
#include "cli/message.h"
#include "cli/string_tools.h"
#include "report/suggest_config.h"

namespace hfoffline::cli {
namespace {

constexpr std::size_t kWidth = 79;
constexpr std::size_t kMaximumGroups = 25;
constexpr std::size_t kMaximumPrograms = 3;

const ReasonInfo* find_reason(std::string_view code) {
  for (int i = 0; i < static_cast<int>(Reason::count); ++i) {
    const ReasonInfo& info = reason_info(static_cast<Reason>(i));
    if (info.code == code) return &info;
  }
  return nullptr;
}

bool is_violation(const RecordLine& line) {
  const ReasonInfo* info = find_reason(line.reason);
  return info != nullptr && info->violation;
}

std::string with_port(const std::string& host, int port) {
  const bool is_v6 = host.find(':') != host.npos;
  if (port <= 0) return host;
  return is_v6 ? cat("[", host, "]:", port) : cat(host, ":", port);
}

bool is_network(const RecordLine& line) { return line.kind == "egress" || line.kind == "name"; }

std::string where_of(const RecordLine& line) {
  if (!is_network(line) || line.host.empty()) return line.target;
  return with_port(line.host, line.port);
}

void add_once(std::vector<std::string>& list, std::string text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
}

// Counts what one process did to one target: lines carry a running number, which starts again in
// another process that was given the same pid.
class RunningCount {
 public:
  void see(std::uint64_t count) {
    if (count <= last_) finished_ += last_;
    last_ = count;
  }
  std::uint64_t total() const { return finished_ + last_; }

 private:
  std::uint64_t finished_ = 0;
  std::uint64_t last_ = 0;
};

std::string plural(std::uint64_t count, std::string_view singular, std::string_view more) {
  return cat(count, " ", count == 1 ? singular : more);
}

class Page {
 public:
  explicit Page(bool colour) : colour_(colour) {}

  void line(std::size_t indent, std::string_view text) {
    append(&text_, std::string(indent, ' '), text, "\n");
  }
  void text(std::string_view text) { append(&text_, text); }
  void wrapped(std::size_t indent, std::string_view text) {
    line(indent, wrap(text, kWidth - indent, indent));
  }
  std::string strong(std::string_view text) const {
    return colour_ ? cat("\033[1m", text, "\033[0m") : std::string(text);
  }
  std::string alarming(std::string_view text) const {
    return colour_ ? cat("\033[1;31m", text, "\033[0m") : std::string(text);
  }
  std::string take() { return std::move(text_); }

 private:
  bool colour_;
  std::string text_;
};

std::uint64_t refusals(const RunTotals& totals, Kind kind) {
  return totals.refusals[static_cast<std::size_t>(kind)];
}

// What was managed, as clauses to be joined and wrapped.
std::string managed(const SummaryInputs& inputs) {
  std::vector<std::string> parts;
  parts.push_back(inputs.models_dir.empty()
                      ? "no models dir was given"
                      : cat("models dir ", printable(inputs.models_dir), " (", inputs.layout, ")"));
  parts.push_back(cat(plural(inputs.variables_set, "variable", "variables"), " set, ",
                      inputs.variables_removed, " removed"));
  for (const std::string& redirect : inputs.redirects)
    parts.push_back(cat("redirected ", printable(redirect), " (", inputs.redirect_way, ")"));
  if (!inputs.config_file.empty()) parts.push_back(cat("config ", printable(inputs.config_file)));
  return join(parts, "; ");
}

void show_group(const RefusalGroup& group, bool exact, Page& page) {
  const std::string count = cat(group.count, exact || group.count == 1 ? "x" : "x or more");
  const std::size_t indent = 4;
  page.line(indent,
            cat(count, "  ", shorten(printable(group.where), kWidth - indent - count.size() - 2)));
  std::vector<std::string> programs(
      group.programs.begin(),
      group.programs.begin() +
          static_cast<std::ptrdiff_t>(std::min(group.programs.size(), kMaximumPrograms)));
  for (std::string& program : programs) program = printable(program);
  std::string who = join(programs, ", ");
  if (group.programs.size() > kMaximumPrograms) {
    append(&who, " and ", group.programs.size() - kMaximumPrograms, " more");
  }
  page.wrapped(indent + 4, cat(who, ": ", join(group.operations, ", ")));
  if (!group.test.empty()) {
    page.line(indent + 4, cat("in ", shorten(printable(group.test), kWidth - indent - 7)));
  }
}

void show_groups(const std::vector<RefusalGroup>& groups, bool network, std::uint64_t total,
                 Page& page) {
  if (total == 0) return;
  std::uint64_t seen = 0;
  std::size_t count = 0;
  for (const RefusalGroup& group : groups) {
    if (group.is_network != network) continue;
    seen += group.count;
    ++count;
  }
  page.line(
      2, page.strong(cat(network ? "network" : "writes below protected trees", " (", total, ")")));
  std::size_t shown = 0;
  for (const RefusalGroup& group : groups) {
    if (group.is_network != network) continue;
    if (shown++ == kMaximumGroups) break;
    show_group(group, seen == total, page);
  }
  if (count > kMaximumGroups) page.line(4, cat("and ", count - kMaximumGroups, " more"));
  if (count == 0) page.line(4, "no details: their records are lost");
}

// ": a, b, c and 2 more" for the targets of one kind, or "".
constexpr std::string_view kDeepBinding = "load_deep_bind";

// Repeated lines hold the count so far.
std::uint64_t loads_without_deep_binding(const std::vector<RecordLine>& lines) {
  std::map<std::pair<std::int64_t, std::string>, std::uint64_t> loads;
  for (const RecordLine& line : lines) {
    if (line.reason == kDeepBinding) {
      std::uint64_t& count = loads[{line.pid, line.target}];
      count = std::max(count, line.count);
    }
  }
  std::uint64_t total = 0;
  for (const auto& load : loads) total += load.second;
  return total;
}

// What audit mode let through, and what it did not.
report::ConfigSuggestion suggestion_for(const std::vector<RecordLine>& lines) {
  report::ConfigSuggestion suggestion;
  for (const RecordLine& line : lines) {
    if (line.verdict != "audit" && line.kind != "exec" && line.kind != "write") continue;
    report::Need need;
    need.kind = line.kind;
    need.reason = line.reason;
    need.verdict = line.verdict;
    need.target = line.target;
    need.host = line.host;
    need.port = line.port;
    need.test = line.test;
    need.program = line.program;
    suggestion.add(need);
  }
  return suggestion;
}

std::string targets_of(const std::vector<RecordLine>& lines, std::string_view kind) {
  constexpr std::size_t kMaximumTargets = 4;
  std::vector<std::string> targets;
  for (const RecordLine& line : lines) {
    if (line.kind == kind && line.reason != kDeepBinding) add_once(targets, printable(line.target));
  }
  if (targets.empty()) return "";
  std::string more;
  if (targets.size() > kMaximumTargets) {
    more = cat(" and ", targets.size() - kMaximumTargets, " more");
    targets.resize(kMaximumTargets);
  }
  return cat(": ", join(targets, ", "), more);
}

// Starts of programs that were refused. The counts know them all, but not what became of each;
// there is one setting for the whole run, and a start without the shim's file is refused in any.
std::uint64_t refused_starts(const SummaryInputs& inputs) {
  const std::uint64_t all = refusals(inputs.totals, Kind::exec);
  if (inputs.refuses_unshimmed) return all;
  std::map<std::tuple<std::int64_t, std::string, std::string>, RunningCount> counts;
  for (const RecordLine& line : inputs.record.lines) {
    if (line.kind == "exec" && line.verdict == "refuse")
      counts[{line.pid, line.operation, line.target}].see(line.count);
  }
  std::uint64_t refused = 0;
  for (const auto& [key, count] : counts) refused += count.total();
  return std::min(refused, all);
}

void show_remarks(const SummaryInputs& inputs, Page& page) {
  const std::vector<RecordLine>& lines = inputs.record.lines;
  if (const std::uint64_t count = refusals(inputs.totals, Kind::probe)) {
    page.wrapped(2, cat("not counted: ", plural(count, "datagram socket", "datagram sockets"),
                        " pointed outside without sending", targets_of(lines, "probe")));
  }
  if (const std::uint64_t count = refusals(inputs.totals, Kind::environment)) {
    page.wrapped(2, cat("not counted: ", plural(count, "change", "changes"),
                        " to managed variables, put right", targets_of(lines, "environment")));
  }
  if (const std::uint64_t count = refusals(inputs.totals, Kind::allow)) {
    page.wrapped(2, cat("not counted: ", plural(count, "request", "requests"),
                        " that tests allowed themselves", targets_of(lines, "allow")));
  }
  const std::uint64_t loads = loads_without_deep_binding(lines);
  if (loads != 0) {
    page.wrapped(2, cat("not counted: ", plural(loads, "library", "libraries"),
                        " loaded without RTLD_DEEPBIND"));
  }
  if (const std::uint64_t count = refusals(inputs.totals, Kind::exec); count > loads) {
    std::string what;
    if (const std::uint64_t refused = refused_starts(inputs); refused != 0) {
      what = cat(" (", refused, " refused)");
    } else if (std::any_of(lines.begin(), lines.end(), [](const RecordLine& line) {
                 return line.kind == "exec" && line.verdict == "allow";
               })) {
      what = " (allowed)";  // one setting for the whole run
    }
    page.wrapped(2, cat(plural(count - loads, "start of a program", "starts of programs"),
                        " the shim cannot enter", what, targets_of(lines, "exec")));
  }
}

void show_allow_list(const SummaryInputs& inputs, Page& page) {
  const report::ConfigSuggestion suggestion = suggestion_for(inputs.record.lines);
  const std::string toml = suggestion.toml();
  if (toml.empty()) return;
  if (suggestion.is_empty()) {
    page.line(2, suggestion.is_enough()
                     ? "no setting is needed under --mode refuse:"
                     : "no setting makes the same run pass under --mode refuse:");
  } else {
    page.wrapped(
        2, cat(inputs.config_file.empty() ? "with this hfoffline.toml" : "with this in its config",
               " the same run passes under --mode refuse",
               suggestion.is_enough() ? ":" : ", but for what no setting lets through:"));
  }
  page.text(toml);
}

void show_record(const SummaryInputs& inputs, Page& page) {
  if (inputs.totals.lost_records == 0 && !inputs.record_problem.empty()) {
    page.wrapped(
        2, page.alarming(cat("the record ", printable(inputs.record_file), " cannot be written (",
                             inputs.record_problem, "); there was nothing to write")));
  } else if (inputs.totals.lost_records != 0) {
    std::string text =
        cat(plural(inputs.totals.lost_records, "record", "records"), " could not be written");
    if (!inputs.record_file.empty()) append(&text, " to ", printable(inputs.record_file));
    if (!inputs.record_problem.empty()) append(&text, " (", inputs.record_problem, ")");
    page.wrapped(2, page.alarming(text));
  }
  if (inputs.end_is_lost && inputs.totals.lost_records == 0) {
    page.wrapped(2, page.alarming(cat("the line for the end of the run could not be written to ",
                                      printable(inputs.record_file))));
  }
  if (inputs.record.damaged != 0) {
    page.wrapped(2, page.alarming(cat(plural(inputs.record.damaged, "line", "lines"),
                                      " of the record cannot be read")));
  }
  if (inputs.record_problem.empty()) {
    page.wrapped(
        2, inputs.record_file.empty()
               ? std::string("record: not kept; --record FILE or HFOFFLINE_RECORD=FILE keeps it")
               : cat("record: ", printable(inputs.record_file), " (",
                     plural(inputs.record.lines.size() + (inputs.records_end ? 1 : 0), "line",
                            "lines"),
                     ")"));
  }
}

}  // namespace

std::vector<RefusalGroup> group_refusals(const std::vector<RecordLine>& lines) {
  using LineKey = std::tuple<std::int64_t, std::string, std::string, std::string>;
  using GroupKey = std::tuple<bool, std::string, std::string>;
  std::vector<RefusalGroup> groups;
  std::map<GroupKey, std::size_t> index;
  std::map<LineKey, std::pair<std::size_t, RunningCount>> counts;
  for (const RecordLine& line : lines) {
    if (!is_violation(line) || line.kind == "exec") continue;
    const auto [entry, added] =
        index.try_emplace(GroupKey(is_network(line), where_of(line), line.test), groups.size());
    if (added) {
      RefusalGroup group;
      group.is_network = is_network(line);
      group.where = where_of(line);
      group.test = line.test;
      group.reason = line.reason;
      groups.push_back(std::move(group));
    }
    RefusalGroup& group = groups[entry->second];
    add_once(group.programs, cat(line.program, " (", line.pid, ")"));
    add_once(group.operations,
             line.error.empty() ? line.operation : cat(line.operation, " ", line.error));
    auto& count = counts[LineKey(line.pid, line.operation, line.target, line.test)];
    count.first = entry->second;
    count.second.see(line.count);
  }
  for (const auto& [key, count] : counts) groups[count.first].count += count.second.total();
  std::stable_sort(groups.begin(), groups.end(),
                   [](const RefusalGroup& a, const RefusalGroup& b) { return a.count > b.count; });
  return groups;
}

std::vector<std::string> allow_list_for(const std::vector<RecordLine>& lines) {
  return suggestion_for(lines).allow();
}

std::string render_summary(const SummaryInputs& inputs) {
  Page page(inputs.colour);
  const RunTotals& totals = inputs.totals;
  const std::uint64_t network = refusals(totals, Kind::egress) + refusals(totals, Kind::name);
  const std::uint64_t writes = refusals(totals, Kind::write);
  std::uint64_t all = 0;
  for (const std::uint64_t count : totals.refusals) all += count;
  const bool trouble = totals.lost_records != 0 || inputs.record.damaged != 0 ||
                       inputs.end_is_lost || !inputs.record_problem.empty() ||
                       !inputs.exit_reason.empty();
  if (all == 0 && !trouble) {
    page.wrapped(0, cat("hfoffline: nothing was refused; ", managed(inputs)));
    return page.take();
  }
  if (const std::uint64_t starts = refused_starts(inputs); network + writes == 0 && starts != 0) {
    page.line(
        0, page.alarming(cat(
               "hfoffline: ", plural(starts, "start of a program was", "starts of programs were"),
               " refused")));
  } else if (network + writes == 0) {
    page.line(0, page.strong("hfoffline: nothing was refused"));
  } else if (!inputs.audit || (network == 0 && !inputs.audits_writes)) {
    page.line(0, page.alarming(
                     cat("hfoffline: ", plural(network + writes, "request was", "requests were"),
                         " refused")));
  } else {
    std::string text = cat("hfoffline: audit: ", plural(network, "request", "requests"),
                           " to the network let through that would be refused");
    if (writes != 0) {
      append(&text, "; ", plural(writes, "write", "writes"),
             inputs.audits_writes ? " let through" : " refused");
    }
    page.wrapped(0, page.alarming(text));
  }
  const std::vector<RefusalGroup> groups = group_refusals(inputs.record.lines);
  show_groups(groups, true, network, page);
  show_groups(groups, false, writes, page);
  show_remarks(inputs, page);
  if (inputs.audit) show_allow_list(inputs, page);
  page.wrapped(2, managed(inputs));
  show_record(inputs, page);
  if (!inputs.exit_reason.empty()) page.wrapped(2, page.alarming(inputs.exit_reason));
  return page.take();
}

}  // namespace hfoffline::cli
