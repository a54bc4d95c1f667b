#include "report/report.h"

#include <algorithm>

#include "core/hash.h"
#include "core/reasons.h"

namespace hfoffline::report {
namespace {

constexpr std::string_view kOtherRuns = "(further runs)";

const ReasonInfo* find_reason(std::string_view code) {
  for (int i = 1; i < static_cast<int>(Reason::count); ++i) {
    const ReasonInfo& info = reason_info(static_cast<Reason>(i));
    if (info.code == code) return &info;
  }
  return nullptr;
}

void widen(std::int64_t time, std::int64_t* first, std::int64_t* last) {
  if (time < 0) return;
  if (*first < 0 || time < *first) *first = time;
  *last = std::max(*last, time);
}

std::int64_t start_of(const Run& run) {
  const std::int64_t started = milliseconds_of(run.line.started);
  return started >= 0 ? started : run.first_ms;
}

std::int64_t end_of(const Run& run) {
  const std::int64_t ended = milliseconds_of(run.line.ended);
  return ended >= 0 ? ended : run.last_ms;
}

}  // namespace

std::string_view section_title(Section section) {
  constexpr std::string_view kTitles[] = {"network", "writes below protected trees",
                                          "programs not started", "let through in audit mode",
                                          "not counted as violations"};
  static_assert(std::size(kTitles) == kSectionCount);
  return kTitles[static_cast<std::size_t>(section)];
}

bool is_violation(std::string_view reason, std::string_view verdict) {
  if (verdict != "refuse") return false;
  const ReasonInfo* info = find_reason(reason);
  return info != nullptr && info->violation;
}

Section section_of(std::string_view kind, std::string_view verdict) {
  const bool audited = verdict == "audit";
  if (kind == "egress" || kind == "name") return audited ? Section::kLetThrough : Section::kNetwork;
  if (kind == "write") return audited ? Section::kLetThrough : Section::kWrites;
  if (kind == "exec" && verdict == "refuse") return Section::kStarts;
  return Section::kUncounted;
}

Section Report::section(const Finding& finding) const {
  return section_of(text(finding.kind), text(finding.verdict));
}

bool Report::is_violation(const Finding& finding) const {
  return report::is_violation(text(finding.reason), text(finding.verdict));
}

void Timeline::add(std::int64_t time_ms, Section section, std::uint64_t count) {
  if (time_ms < 0) return;
  bars_[time_ms / width_][static_cast<std::size_t>(section)] += count;
  while (bars_.rbegin()->first - bars_.begin()->first >= static_cast<std::int64_t>(kBars)) {
    std::map<std::int64_t, Bar> wider;
    for (const auto& [at, bar] : bars_) {
      Bar& sum = wider[at / 2];
      for (std::size_t i = 0; i < kSectionCount; ++i) sum[i] += bar[i];
    }
    bars_ = std::move(wider);
    width_ *= 2;
  }
}

std::size_t ReportBuilder::KeyHash::operator()(const Key& key) const {
  return hash_bytes(static_cast<std::uint64_t>(key.pid), key.values.data(), sizeof(key.values));
}

ReportBuilder::ReportBuilder(std::string since) : since_(std::move(since)) {}

void ReportBuilder::add_damaged() {
  ++report_.inputs.lines;
  ++report_.inputs.damaged;
}

void ReportBuilder::add_line(std::string_view line, bool is_torn) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.find_first_not_of(" \t") == line.npos) return;
  const ParsedLine parsed = parse_line(line, refusal_, run_);
  if (parsed.kind == LineKind::kDamaged) {
    add_damaged();
    if (is_torn) ++report_.inputs.torn;
    return;
  }
  ++report_.inputs.lines;
  if (parsed.other_version) ++report_.inputs.other_versions;
  const bool is_run = parsed.kind == LineKind::kRun;
  if (!since_.empty() && (is_run ? std::string_view(run_.ended) : refusal_.time) < since_) {
    ++report_.inputs.before_since;
  } else if (is_run) {
    add_run(run_);
  } else {
    add_refusal(refusal_);
  }
}

std::uint32_t ReportBuilder::run_index(std::string_view name) {
  std::vector<Run>& runs = report_.runs;
  if (last_run_ < runs.size() && runs[last_run_].name == name) return last_run_;
  // One more than the bound stands for all the others.
  if (runs.size() >= kMaximumRuns && !run_index_.contains(std::string(name))) name = kOtherRuns;
  const auto [entry, added] =
      run_index_.try_emplace(std::string(name), static_cast<std::uint32_t>(runs.size()));
  if (added) {
    Run run;
    run.name = name;
    runs.push_back(std::move(run));
  }
  return last_run_ = entry->second;
}

Finding* ReportBuilder::find(const RefusalLine& line, std::uint32_t run) {
  Finding finding;
  finding.run = run;
  finding.port = line.port;
  finding.pid = line.pid;
  Texts& texts = report_.texts;
  const bool fits = texts.find_or_add(line.kind, &finding.kind) &&
                    texts.find_or_add(line.reason, &finding.reason) &&
                    texts.find_or_add(line.verdict, &finding.verdict) &&
                    texts.find_or_add(line.operation, &finding.operation) &&
                    texts.find_or_add(line.error, &finding.error) &&
                    texts.find_or_add(line.target, &finding.target) &&
                    texts.find_or_add(line.host, &finding.host) &&
                    texts.find_or_add(line.test, &finding.test) &&
                    texts.find_or_add(line.exe.empty() ? line.argv0 : line.exe, &finding.exe) &&
                    texts.find_or_add(line.rule, &finding.rule);
  if (!fits) return nullptr;
  Key key = {{finding.run, finding.kind, finding.reason, finding.verdict, finding.operation,
              finding.error, finding.target, finding.host, finding.test, finding.exe, finding.rule,
              static_cast<std::uint32_t>(finding.port)},
             line.pid};
  std::vector<Finding>& findings = report_.findings;
  auto found = index_.find(key);
  if (found == index_.end() && findings.size() >= kMaximumFindings) {
    // From here on processes are not told apart; then there is room for as many again.
    key.pid = finding.pid = 0;
    report_.processes_are_merged = true;
    found = index_.find(key);
    if (found == index_.end() && findings.size() >= 2 * kMaximumFindings) return nullptr;
  }
  if (found == index_.end()) {
    found = index_.emplace(key, static_cast<std::uint32_t>(findings.size())).first;
    findings.push_back(finding);
  }
  return &findings[found->second];
}

void ReportBuilder::add_refusal(const RefusalLine& line) {
  const std::uint32_t index = run_index(line.run);
  Run& run = report_.runs[index];
  ++run.records;
  const std::int64_t time = milliseconds_of(line.time);
  widen(time, &run.first_ms, &run.last_ms);

  std::uint64_t hash =
      hash_bytes(static_cast<std::uint64_t>(line.pid), line.target.data(), line.target.size());
  hash = hash_bytes(hash, line.operation.data(), line.operation.size());
  hash = hash_bytes(hash ^ index, line.test.data(), line.test.size());
  const std::uint64_t count = counts_.increment(hash, line.count);

  const Section section = section_of(line.kind, line.verdict);
  report_.totals[static_cast<std::size_t>(section)] += count;
  report_.timeline.add(time, section, count);
  Finding* finding = find(line, index);
  if (finding == nullptr) {
    report_.unlisted += count;
    if (is_violation(line.reason, line.verdict)) report_.violations += count;
    return;
  }
  finding->count += count;
  widen(time, &finding->first_ms, &finding->last_ms);
}

void ReportBuilder::add_run(const RunLine& line) {
  Run& run = report_.runs[run_index(line.run)];
  if (run.name == kOtherRuns) return;
  run.repeated = run.ended;
  if (!run.ended) report_.lost += line.lost;
  run.ended = true;
  run.line = line;
}

// Only a worker that was named says that two runs are the same shard; and only if one ended before
// the other started, it was tried again.
void ReportBuilder::find_attempts() {
  std::map<std::pair<std::string_view, std::string_view>, std::vector<Run*>> jobs;
  for (Run& run : report_.runs) {
    if (run.ended && !run.line.worker.empty())
      jobs[{run.line.worker, run.line.command}].push_back(&run);
  }
  for (auto& [job, runs] : jobs) {
    std::sort(runs.begin(), runs.end(),
              [](const Run* a, const Run* b) { return start_of(*a) < start_of(*b); });
    bool overlap = false;
    for (std::size_t i = 1; i < runs.size(); ++i)
      overlap = overlap || start_of(*runs[i]) < end_of(*runs[i - 1]);
    if (overlap) continue;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      runs[i]->attempt = static_cast<std::uint32_t>(i + 1);
      runs[i]->attempts = static_cast<std::uint32_t>(runs.size());
    }
  }
}

Report& ReportBuilder::finish() {
  find_attempts();
  index_ = {};
  const std::uint64_t unlisted_violations = report_.violations;
  report_.last_violations = unlisted_violations;
  for (const Finding& finding : report_.findings) {
    if (!report_.is_violation(finding)) continue;
    report_.violations += finding.count;
    if (report_.runs[finding.run].is_last_attempt()) report_.last_violations += finding.count;
  }
  std::stable_sort(report_.findings.begin(), report_.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.count > b.count; });
  return report_;
}

}  // namespace hfoffline::report
