#include "report/compare.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <tuple>

#include "report/escape.h"
#include "report/groups.h"

namespace hfoffline::report {
namespace {

constexpr std::size_t kWidth = 79;
constexpr std::int64_t kNoticeableMs = 250;
constexpr std::int64_t kNoticeableKib = 8 * 1024;

using Key = std::tuple<std::string, std::string, std::string>;  // kind, where, test
struct Seen {
  std::uint64_t count = 0;
  bool counts = false;  // a violation, or one that audit mode let through
};

std::map<Key, Seen> what_happened(const Report& report) {
  std::map<Key, Seen> result;
  for (const Finding& finding : report.findings) {
    if (!report.runs[finding.run].is_last_attempt()) continue;
    Seen& seen = result[Key(report.text(finding.kind), where_of(report, finding),
                            test_without_phase(report.text(finding.test)))];
    seen.count += finding.count;
    seen.counts = seen.counts || report.section(finding) != Section::kUncounted;
  }
  return result;
}

std::uint64_t count_runs(const Report& report) {
  std::uint64_t count = 0;
  for (const Run& run : report.runs) count += run.is_last_attempt() ? 1 : 0;
  return count;
}

using Jobs = std::map<std::string, std::vector<const RunLine*>>;

Jobs jobs_of(const Report& report) {
  Jobs jobs;
  for (const Run& run : report.runs) {
    if (!run.ended || !run.is_last_attempt()) continue;
    const RunLine& line = run.line;
    jobs[line.worker.empty() ? line.command : line.worker + ": " + line.command].push_back(&line);
  }
  return jobs;
}

std::int64_t wall_of(const RunLine& line) { return line.wall_ms; }
std::int64_t cpu_of(const RunLine& line) { return line.user_ms + line.system_ms; }
std::int64_t memory_of(const RunLine& line) { return line.peak_memory_kib; }

std::int64_t median(const std::vector<const RunLine*>& runs,
                    std::int64_t (*value)(const RunLine&)) {
  std::vector<std::int64_t> values;
  values.reserve(runs.size());
  for (const RunLine* run : runs) values.push_back(value(*run));
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void compare_job(const std::string& job, const std::vector<const RunLine*>& base,
                 const std::vector<const RunLine*>& now, const Thresholds& thresholds,
                 Comparison& result) {
  struct Row {
    const char* what;
    std::int64_t (*value)(const RunLine&);
    double threshold;
    bool is_memory;
  };
  const Row rows[] = {{"wall time", wall_of, thresholds.wall, false},
                      {"CPU time", cpu_of, thresholds.cpu, false},
                      {"peak memory", memory_of, thresholds.memory, true}};
  for (const Row& row : rows) {
    Cost cost;
    cost.what = row.what;
    cost.job = job;
    cost.base = median(base, row.value);
    cost.now = median(now, row.value);
    cost.is_memory = row.is_memory;
    cost.threshold = row.threshold;
    const std::int64_t noticeable = row.is_memory ? kNoticeableKib : kNoticeableMs;
    cost.is_regression =
        cost.now - cost.base >= noticeable &&
        static_cast<double>(cost.now) > static_cast<double>(cost.base) * row.threshold;
    result.costs.push_back(std::move(cost));
  }
}

void compare_costs(const Report& base, const Report& now, const Thresholds& thresholds,
                   Comparison& result) {
  const Jobs base_jobs = jobs_of(base);
  const Jobs now_jobs = jobs_of(now);
  if (base_jobs.empty() || now_jobs.empty()) {
    result.remarks.push_back(
        std::string(base_jobs.empty() ? "the base has" : "the new record has") +
        " no line for the end of a run: time and memory are not compared");
    return;
  }
  // One command each: it is the same job, however it was spelled.
  if (base_jobs.size() == 1 && now_jobs.size() == 1) {
    compare_job(now_jobs.begin()->first, base_jobs.begin()->second, now_jobs.begin()->second,
                thresholds, result);
    return;
  }
  std::size_t only_once = 0;
  for (const auto& [job, runs] : base_jobs) {
    const auto found = now_jobs.find(job);
    if (found == now_jobs.end()) {
      ++only_once;
    } else {
      compare_job(job, runs, found->second, thresholds, result);
    }
  }
  for (const auto& [job, runs] : now_jobs) only_once += base_jobs.contains(job) ? 0 : 1;
  if (only_once != 0) {
    result.remarks.push_back(plural(only_once, "command or worker is", "commands or workers are") +
                             " on one side only, and not compared in time and memory");
  }
}

Difference difference_of(const Key& key, double base, double now, bool counts,
                         const Thresholds& thresholds) {
  Difference result;
  result.kind = std::get<0>(key);
  result.where = std::get<1>(key);
  result.test = std::get<2>(key);
  result.base = base;
  result.now = now;
  result.change = base == 0    ? Change::kNew
                  : now == 0   ? Change::kGone
                  : now > base ? Change::kMoreFrequent
                               : Change::kLessFrequent;
  const bool more = base == 0 || now > base * thresholds.frequency;
  result.is_regression = counts && now != 0 && now > base && more;
  return result;
}

std::string times(double count) {
  char text[40];
  const bool whole = count == static_cast<double>(static_cast<std::int64_t>(count));
  std::snprintf(text, sizeof(text), whole ? "%.0fx" : "%.1fx", count);
  return text;
}

std::string_view title_of(Change change) {
  constexpr std::string_view kTitles[] = {"new", "more frequent", "less frequent", "gone"};
  return kTitles[static_cast<std::size_t>(change)];
}

std::string value_text(const Cost& cost, std::int64_t value) {
  return cost.is_memory ? memory_text(value) : duration_text(value);
}

std::string styled(bool colour, std::string_view style, std::string_view text) {
  std::string result;
  if (colour) result += style;
  result += text;
  if (colour) result += "\033[0m";
  return result;
}

constexpr std::string_view kAlarming = "\033[1;31m";
constexpr std::string_view kStrong = "\033[1m";

void show_differences(const Comparison& comparison, Change change, std::size_t rows, bool colour,
                      Output& out) {
  std::size_t count = 0;
  bool regression = false;
  for (const Difference& difference : comparison.differences) {
    if (difference.change != change) continue;
    ++count;
    regression = regression || difference.is_regression;
  }
  if (count == 0) return;
  out << "  "
      << styled(colour, regression ? kAlarming : kStrong,
                std::string(title_of(change)) + " (" + std::to_string(count) + ")")
      << "\n";
  std::size_t shown = 0;
  for (const Difference& difference : comparison.differences) {
    if (difference.change != change) continue;
    if (shown++ == rows) break;
    std::string text = difference.change == Change::kNew ? times(difference.now)
                       : difference.change == Change::kGone
                           ? times(difference.base)
                           : times(difference.base) + " to " + times(difference.now);
    text += "  " + difference.kind + " ";
    out << "    " << text
        << shorten(display(difference.where), kWidth - 4 - std::min<std::size_t>(text.size(), 40))
        << "\n";
    if (!difference.test.empty())
      out << "        in " << shorten(display(difference.test), kWidth - 11) << "\n";
    if (!difference.is_regression && (change == Change::kNew || change == Change::kMoreFrequent)) {
      out << "        no regression: "
          << (change == Change::kMoreFrequent ? "within the threshold, or no violation"
                                              : "no violation")
          << "\n";
    }
  }
  if (count > rows) out << "    and " << count - rows << " more; --rows N shows N\n";
}

void show_costs(const Comparison& comparison, bool colour, Output& out) {
  std::string_view job;
  for (const Cost& cost : comparison.costs) {
    if (cost.job != job) {
      job = cost.job;
      out << "  " << styled(colour, kStrong, shorten(display(job), kWidth - 2)) << "\n";
    }
    const double ratio =
        cost.base == 0 ? 1 : static_cast<double>(cost.now) / static_cast<double>(cost.base);
    char line[200];
    std::snprintf(line, sizeof(line), "%-12s %10s to %10s   %5.2fx of at most %.2fx",
                  cost.what.c_str(), value_text(cost, cost.base).c_str(),
                  value_text(cost, cost.now).c_str(), ratio, cost.threshold);
    out << "    " << line;
    if (cost.is_regression) {
      out << "  " << styled(colour, kAlarming, "regression");
    } else if (ratio > cost.threshold) {
      out << "  too small";
    }
    out << "\n";
  }
}

}  // namespace

bool Comparison::has_regression() const {
  const auto is_one = [](const auto& each) { return each.is_regression; };
  return std::any_of(differences.begin(), differences.end(), is_one) ||
         std::any_of(costs.begin(), costs.end(), is_one);
}

Comparison compare(const Report& base, const Report& now, const Thresholds& thresholds) {
  Comparison result;
  result.base_runs = count_runs(base);
  result.now_runs = count_runs(now);
  const auto per_run = [](std::uint64_t count, std::uint64_t runs) {
    return static_cast<double>(count) / static_cast<double>(std::max<std::uint64_t>(runs, 1));
  };
  std::map<Key, Seen> before = what_happened(base);
  for (const auto& [key, seen] : what_happened(now)) {
    const auto found = before.find(key);
    const double was = found == before.end() ? 0 : per_run(found->second.count, result.base_runs);
    const double is = per_run(seen.count, result.now_runs);
    if (found != before.end()) before.erase(found);
    if (was == is) {
      ++result.unchanged;
    } else {
      result.differences.push_back(difference_of(key, was, is, seen.counts, thresholds));
    }
  }
  for (const auto& [key, seen] : before) {
    result.differences.push_back(
        difference_of(key, per_run(seen.count, result.base_runs), 0, seen.counts, thresholds));
  }
  std::stable_sort(result.differences.begin(), result.differences.end(),
                   [](const Difference& a, const Difference& b) {
                     return a.is_regression != b.is_regression ? a.is_regression
                            : a.change != b.change             ? a.change < b.change
                                                               : a.now - a.base > b.now - b.base;
                   });
  compare_costs(base, now, thresholds, result);
  for (const auto& [name, report] : {std::pair("base", &base), std::pair("new", &now)}) {
    for (const std::string& remark : remarks(*report))
      result.remarks.push_back(std::string(name) + ": " + remark);
  }
  return result;
}

void render_comparison(const Comparison& comparison, std::size_t rows, bool colour, Output& out) {
  const bool bad = comparison.has_regression();
  std::size_t regressions = 0;
  for (const Difference& difference : comparison.differences)
    regressions += difference.is_regression ? 1 : 0;
  for (const Cost& cost : comparison.costs) regressions += cost.is_regression ? 1 : 0;
  std::string headline = "hfoffline: ";
  headline += bad ? plural(regressions, "regression", "regressions") : "no regression";
  headline += "; base: " + plural(comparison.base_runs, "run", "runs") +
              ", new: " + plural(comparison.now_runs, "run", "runs");
  if (comparison.base_runs != comparison.now_runs) headline += "; counts are per run";
  out << styled(colour, bad ? kAlarming : kStrong, wrap(headline, kWidth, 0)) << "\n";
  for (const Change change :
       {Change::kNew, Change::kMoreFrequent, Change::kLessFrequent, Change::kGone})
    show_differences(comparison, change, rows, colour, out);
  if (comparison.unchanged != 0)
    out << "  unchanged: " << plural(comparison.unchanged, "request", "requests") << "\n";
  show_costs(comparison, colour, out);
  for (const std::string& remark : comparison.remarks)
    out << "  " << wrap(display(remark), kWidth - 2, 2) << "\n";
}

}  // namespace hfoffline::report
