#include "report/groups.h"

#include <algorithm>
#include <cstdio>

#include "core/hash.h"

namespace hfoffline::report {
namespace {

// What findings of one group have in common: points into the report's texts, since there may be
// very many groups.
struct GroupKey {
  Section section;
  std::string_view text;
  std::int64_t number;  // a port or a process id

  bool operator==(const GroupKey& other) const = default;
};

struct GroupKeyHash {
  std::size_t operator()(const GroupKey& key) const {
    const auto seed = static_cast<std::uint64_t>(key.number) * kSectionCount +
                      static_cast<std::uint64_t>(key.section);
    return hash_bytes(seed, key.text.data(), key.text.size());
  }
};

bool names_host(const Report& report, const Finding& finding) {
  const std::string_view kind = report.text(finding.kind);
  return (kind == "egress" || kind == "name" || kind == "probe") && finding.host != kNoText;
}

GroupKey key_of(const Report& report, const Finding& finding, GroupBy group_by) {
  const Section section = report.section(finding);
  switch (group_by) {
    case GroupBy::kTest:
      return {section, test_without_phase(report.text(finding.test)), 0};
    case GroupBy::kProcess:
      return {section, last_component(report.text(finding.exe)), finding.pid};
    case GroupBy::kHost:
      break;
  }
  if (!names_host(report, finding)) return {section, report.text(finding.target), 0};
  return {section, report.text(finding.host), std::max(finding.port, 0)};
}

std::string label_of(const Report& report, const Finding& finding, GroupBy group_by) {
  switch (group_by) {
    case GroupBy::kTest: {
      const std::string_view test = test_without_phase(report.text(finding.test));
      return test.empty() ? "(in no test)" : std::string(test);
    }
    case GroupBy::kProcess:
      return process_of(report, finding);
    case GroupBy::kHost:
      break;
  }
  return where_of(report, finding);
}

std::string formatted(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

}  // namespace

bool parse_group_by(std::string_view name, GroupBy* group_by) {
  if (name == "host") {
    *group_by = GroupBy::kHost;
  } else if (name == "test") {
    *group_by = GroupBy::kTest;
  } else if (name == "process") {
    *group_by = GroupBy::kProcess;
  } else {
    return false;
  }
  return true;
}

std::vector<Group> group_findings(const Report& report, GroupBy group_by) {
  std::vector<Group> groups;
  absl::flat_hash_map<GroupKey, std::size_t, GroupKeyHash> index;
  for (const Finding& finding : report.findings) {
    const GroupKey key = key_of(report, finding, group_by);
    const auto [entry, added] = index.try_emplace(key, groups.size());
    if (added) {
      Group group;
      group.section = key.section;
      group.label = label_of(report, finding, group_by);
      groups.push_back(std::move(group));
    }
    Group& group = groups[entry->second];
    group.count += finding.count;
    group.is_violation = group.is_violation || report.is_violation(finding);
    group.only_earlier = group.only_earlier && !report.runs[finding.run].is_last_attempt();
    group.findings.push_back(&finding);
  }
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return a.section != b.section ? a.section < b.section : a.count > b.count;
  });
  return groups;
}

std::string host_and_port(std::string_view host, std::int32_t port) {
  const bool is_v6 = host.find(':') != host.npos;
  std::string result;
  if (port <= 0) return std::string(host);
  if (is_v6) result += '[';
  result += host;
  if (is_v6) result += ']';
  return result + ':' + std::to_string(port);
}

std::string where_of(const Report& report, const Finding& finding) {
  if (!names_host(report, finding)) return std::string(report.text(finding.target));
  return host_and_port(report.text(finding.host), finding.port);
}

std::string_view test_without_phase(std::string_view test) {
  for (const std::string_view phase : {" (setup)", " (call)", " (teardown)"}) {
    if (test.ends_with(phase)) return test.substr(0, test.size() - phase.size());
  }
  return test;
}

std::string_view last_component(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

std::string process_of(const Report& report, const Finding& finding) {
  std::string result(last_component(report.text(finding.exe)));
  if (result.empty()) result = "?";
  if (finding.pid > 0) result += " (" + std::to_string(finding.pid) + ")";
  return result;
}

std::string operation_of(const Report& report, const Finding& finding) {
  std::string result(report.text(finding.operation));
  if (finding.error != kNoText) {
    result += ' ';
    result += report.text(finding.error);
  }
  return result;
}

std::string plural(std::uint64_t count, std::string_view singular, std::string_view more) {
  std::string result = std::to_string(count) + " ";
  result += count == 1 ? singular : more;
  return result;
}

std::string run_label(const Run& run) {
  std::string result = run.line.worker.empty() ? "run " + run.name : run.line.worker;
  if (!run.line.machine.empty()) result += " on " + run.line.machine;
  if (run.attempts > 1)
    result += ", attempt " + std::to_string(run.attempt) + " of " + std::to_string(run.attempts);
  return result;
}

std::string time_text(std::int64_t milliseconds) {
  if (milliseconds < 0) return "";
  std::string result = record_time(milliseconds).substr(0, 19);
  if (result.size() > 10) result[10] = ' ';
  return result;
}

std::string duration_text(std::int64_t milliseconds) {
  const double seconds = static_cast<double>(milliseconds) / 1000;
  if (seconds < 10) return formatted("%.2f s", seconds);
  if (seconds < 120) return formatted("%.1f s", seconds);
  char text[64];
  std::snprintf(text, sizeof(text), "%lld:%02lld min", static_cast<long long>(milliseconds / 60000),
                static_cast<long long>(milliseconds / 1000 % 60));
  return text;
}

std::string memory_text(std::int64_t kib) {
  const double mib = static_cast<double>(kib) / 1024;
  return mib < 10 ? formatted("%.1f MiB", mib) : formatted("%.0f MiB", mib);
}

std::vector<std::string> remarks(const Report& report) {
  std::vector<std::string> result;
  const Inputs& inputs = report.inputs;
  if (const std::uint64_t earlier = report.violations - report.last_violations; earlier != 0) {
    result.push_back(plural(earlier, "refusal is", "refusals are") +
                     " of attempts that another one followed; --fail-on does not count them");
  }
  if (inputs.damaged != 0) {
    std::string text = plural(inputs.damaged, "line is", "lines are") +
                       " damaged or not of a record, and left out";
    if (inputs.torn != 0)
      text += "; " + plural(inputs.torn, "file ends", "files end") + " in the middle of a line";
    result.push_back(text);
  }
  if (inputs.other_versions != 0) {
    result.push_back(plural(inputs.other_versions, "line is", "lines are") +
                     " of another version of the record; what this version knows of them is used");
  }
  if (inputs.before_since != 0) {
    result.push_back(plural(inputs.before_since, "line is", "lines are") +
                     " from before --since, and left out");
  }
  if (report.lost != 0) {
    result.push_back(plural(report.lost, "line", "lines") +
                     " could not be written when it happened: counts are too low");
  }
  if (report.unlisted != 0) {
    result.push_back(plural(report.unlisted, "request is", "requests are") +
                     " counted but not listed: there are more than " +
                     std::to_string(2 * kMaximumFindings) + " different ones, or texts of over " +
                     std::to_string(kMaximumTextBytes >> 20) + " MiB");
  }
  if (report.processes_are_merged) {
    result.push_back("more than " + std::to_string(kMaximumFindings) +
                     " different requests: from there on processes are not told apart");
  }
  std::size_t repeated = 0;
  for (const Run& run : report.runs) repeated += run.repeated ? 1 : 0;
  if (repeated != 0) {
    result.push_back(plural(repeated, "run ends", "runs end") +
                     " more than once: the same records were given twice, and count twice");
  }
  return result;
}

}  // namespace hfoffline::report
