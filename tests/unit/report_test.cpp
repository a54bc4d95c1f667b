#include "report/report.h"

#include "catch.h"
#include "report/groups.h"
#include "report_test_support.h"

using namespace hfoffline::report;

namespace {

std::uint64_t total(const Report& report, Section section) {
  return report.totals[static_cast<std::size_t>(section)];
}

// Adds up what a process writes: its counts, one after the other.
std::uint64_t sum(const std::vector<std::uint64_t>& counts) {
  RunningCounts running;
  std::uint64_t result = 0;
  for (const std::uint64_t count : counts) result += running.increment(99, count);
  return result;
}

}  // namespace

TEST_CASE("running counts add up to what happened") {
  CHECK(sum({1}) == 1);
  CHECK(sum({1, 2, 4, 8}) == 8);
  CHECK(sum({1, 2, 4, 5}) == 5);                  // one more line at the end
  CHECK(sum({1, 2, 3, 4, 8}) == 8);               // an exec that failed, and on it went
  CHECK(sum({1, 2, 4, 5, 6, 7, 8, 9}) == 9);      // behind the last flush each is written
  CHECK(sum({1, 2, 4, 5, 1, 2, 4, 8, 9}) == 14);  // the pid was given to another process
  CHECK(sum({1, 1, 1}) == 3);                     // a process that can remember no more
  CHECK(sum({2, 1}) == 2);                        // two threads at once
}

TEST_CASE("findings are what one process did to one target in one test") {
  ReportBuilder builder;
  LineOf line;
  add(builder, line);
  line.count = 2;
  add(builder, line);
  line.count = 4;
  add(builder, line);
  line = LineOf();
  line.pid = 8;
  add(builder, line);
  line.test = "t.py::a (call)";
  add(builder, line);
  add(builder, LineOf::write("/m/x"));
  LineOf probe;
  probe.kind = "probe";
  probe.reason = "egress_probe";
  add(builder, probe);
  LineOf audited;
  audited.verdict = "audit";
  add(builder, audited);
  const Report& report = builder.finish();
  REQUIRE(report.findings.size() == 6);
  CHECK(report.findings[0].count == 4);
  CHECK(report.findings[0].pid == 7);
  CHECK(report.violations == 7);
  CHECK(report.last_violations == 7);
  CHECK(total(report, Section::kNetwork) == 6);
  CHECK(total(report, Section::kWrites) == 1);
  CHECK(total(report, Section::kUncounted) == 1);
  CHECK(total(report, Section::kLetThrough) == 1);
  CHECK(report.inputs.lines == 8);
  CHECK(report.runs.size() == 1);

  const auto by_host = group_findings(report, GroupBy::kHost);
  REQUIRE(by_host.size() == 4);
  CHECK(by_host[0].label == "10.1.2.3:443");
  CHECK(by_host[0].count == 6);
  CHECK(by_host[0].is_violation);
  CHECK(by_host[1].label == "/m/x");
  CHECK(by_host[2].section == Section::kLetThrough);
  CHECK_FALSE(by_host[2].is_violation);
  const auto by_test = group_findings(report, GroupBy::kTest);
  CHECK(by_test[0].label == "(in no test)");
  CHECK(by_test[1].label == "t.py::a");
  const auto by_process = group_findings(report, GroupBy::kProcess);
  CHECK(by_process[0].label == "python3.11 (7)");
  CHECK(by_process[1].label == "python3.11 (8)");
}

TEST_CASE("an attempt that another one followed does not count, if the worker has a name") {
  const auto make = [](const std::string& worker, bool overlap) {
    ReportBuilder builder;
    add(builder, LineOf());
    RunLine first = run_of("r1");
    first.worker = worker;
    add(builder, first);
    RunLine second = run_of("r2");
    second.worker = worker;
    second.started = overlap ? "2026-11-20T18:49:30.000Z" : "2026-11-20T18:51:00.000Z";
    second.ended = "2026-11-20T18:52:00.000Z";
    add(builder, second);
    const Report& report = builder.finish();
    return std::pair(report.violations, report.last_violations);
  };
  CHECK(make("shard-1", false) == std::pair<std::uint64_t, std::uint64_t>(1, 0));
  // The twins: nobody said that they are the same shard; or they ran side by side.
  CHECK(make("", false) == std::pair<std::uint64_t, std::uint64_t>(1, 1));
  CHECK(make("shard-1", true) == std::pair<std::uint64_t, std::uint64_t>(1, 1));
}

TEST_CASE("other commands of the same worker are no attempts") {
  ReportBuilder builder;
  add(builder, LineOf());
  RunLine first = run_of("r1");
  first.worker = "w";
  add(builder, first);
  RunLine second = run_of("r2");
  second.worker = "w";
  second.command = "make";
  second.started = "2026-11-20T18:51:00.000Z";
  add(builder, second);
  CHECK(builder.finish().last_violations == 1);
}

TEST_CASE("lines before --since are left out") {
  ReportBuilder builder("2026-11-20T18:49:01.123Z");
  LineOf line;
  add(builder, line);
  line.time = "2026-11-20T18:49:01.122Z";
  add(builder, line);
  const Report& report = builder.finish();
  CHECK(report.inputs.before_since == 1);
  CHECK(report.findings.size() == 1);
}

TEST_CASE("what is no line is counted") {
  ReportBuilder builder;
  builder.add_line("", false);
  builder.add_line("  ", false);
  builder.add_line("{\"schema\":1,", true);
  builder.add_line("nonsense", false);
  LineOf line;
  builder.add_line(line.text() + "\r", false);
  builder.add_damaged();
  const Report& report = builder.finish();
  CHECK(report.inputs.lines == 4);
  CHECK(report.inputs.damaged == 3);
  CHECK(report.inputs.torn == 1);
  CHECK(report.findings.size() == 1);
}

TEST_CASE("memory is bounded, and what is over the bounds is counted") {
  ReportBuilder builder;
  LineOf line = LineOf::write("");
  constexpr std::size_t kMore = 1000;
  for (std::size_t i = 0; i < 2 * kMaximumFindings + kMore; ++i) {
    line.target = "/m/" + std::to_string(i);
    add(builder, line);
  }
  // Known ones are still found, and processes are merged from the first bound on.
  line.target = "/m/0";
  add(builder, line);
  const Report& report = builder.finish();
  CHECK(report.findings.size() == 2 * kMaximumFindings);
  CHECK(report.unlisted == kMore);
  CHECK(report.processes_are_merged);
  CHECK(report.violations == 2 * kMaximumFindings + kMore + 1);
  CHECK(total(report, Section::kWrites) == 2 * kMaximumFindings + kMore + 1);
  CHECK(report.findings[0].count == 2);
}

TEST_CASE("a timeline has at most so many bars, whatever the times are") {
  Timeline timeline;
  std::uint64_t added = 0;
  for (std::int64_t i = 0; i < 5000; ++i, ++added)
    timeline.add(1763664541000 + i * 17000, Section::kNetwork, 1);
  timeline.add(-1, Section::kNetwork, 1);
  timeline.add(0, Section::kWrites, 1);
  timeline.add(253402300799000, Section::kWrites, 1);
  CHECK(timeline.bars().rbegin()->first - timeline.bars().begin()->first <
        static_cast<std::int64_t>(Timeline::kBars));
  std::uint64_t sum = 0;
  for (const auto& [at, bar] : timeline.bars()) {
    for (const std::uint64_t count : bar) sum += count;
  }
  CHECK(sum == added + 2);
}

TEST_CASE("records that were given twice are noticed") {
  ReportBuilder builder;
  add(builder, run_of("r1"));
  add(builder, run_of("r1"));
  const Report& report = builder.finish();
  REQUIRE(report.runs.size() == 1);
  CHECK(report.runs[0].repeated);
  REQUIRE(remarks(report).size() == 1);
  CHECK(remarks(report)[0].find("given twice") != std::string::npos);
}

TEST_CASE("words for figures") {
  CHECK(duration_text(310) == "0.31 s");
  CHECK(duration_text(12300) == "12.3 s");
  CHECK(duration_text(245000) == "4:05 min");
  CHECK(memory_text(1536) == "1.5 MiB");
  CHECK(memory_text(831488) == "812 MiB");
  CHECK(host_and_port("2001:db8::1", 443) == "[2001:db8::1]:443");
  CHECK(host_and_port("h", -1) == "h");
  CHECK(test_without_phase("a (call)") == "a");
  CHECK(test_without_phase("a (other)") == "a (other)");
}
