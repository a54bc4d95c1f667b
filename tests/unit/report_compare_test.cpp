#include "catch.h"
#include "report/compare.h"
#include "report/suggest_config.h"
#include "report_test_support.h"

using namespace hfoffline::report;

namespace {

struct Side {
  std::vector<LineOf> lines;
  std::vector<RunLine> runs = {run_of("r1")};
};

Comparison compared(const Side& base, const Side& now, const Thresholds& thresholds = {}) {
  ReportBuilder builders[2];
  for (int i = 0; i < 2; ++i) {
    const Side& side = i == 0 ? base : now;
    for (const LineOf& line : side.lines) add(builders[i], line);
    for (const RunLine& run : side.runs) add(builders[i], run);
  }
  return compare(builders[0].finish(), builders[1].finish(), thresholds);
}

const Cost& cost_of(const Comparison& comparison, const std::string& what) {
  for (const Cost& cost : comparison.costs) {
    if (cost.what == what) return cost;
  }
  throw std::runtime_error("no such cost");
}

LineOf times(LineOf line, std::uint64_t count) {
  line.count = count;
  return line;
}

}  // namespace

TEST_CASE("the same twice is no regression") {
  const Side side = {{LineOf(), LineOf::write("/m/x")}};
  const Comparison comparison = compared(side, side);
  CHECK(comparison.differences.empty());
  CHECK(comparison.unchanged == 2);
  CHECK_FALSE(comparison.has_regression());
}

TEST_CASE("new, gone, more and less frequent") {
  Side base;
  base.lines = {LineOf::write("/gone"), LineOf::write("/more"), LineOf::write("/less"),
                times(LineOf::write("/less"), 2)};
  Side now;
  now.lines = {LineOf::write("/new"), LineOf::write("/more"), times(LineOf::write("/more"), 2),
               LineOf::write("/less")};
  const Comparison comparison = compared(base, now);
  REQUIRE(comparison.differences.size() == 4);
  CHECK(comparison.differences[0].change == Change::kNew);
  CHECK(comparison.differences[0].is_regression);
  CHECK(comparison.differences[1].change == Change::kMoreFrequent);
  CHECK(comparison.differences[1].is_regression);
  CHECK(comparison.differences[2].change == Change::kLessFrequent);
  CHECK_FALSE(comparison.differences[2].is_regression);
  CHECK(comparison.differences[3].change == Change::kGone);
  CHECK_FALSE(comparison.differences[3].is_regression);
  CHECK(comparison.has_regression());

  // The twins: what is allowed to happen more often, and what is no violation.
  Thresholds thresholds;
  thresholds.frequency = 2;
  now.lines = {LineOf::write("/more"), times(LineOf::write("/more"), 2)};
  CHECK_FALSE(compared(base, now, thresholds).has_regression());
  LineOf probe;
  probe.kind = "probe";
  probe.reason = "egress_probe";
  now.lines = {probe};
  CHECK_FALSE(compared(base, now).has_regression());
}

TEST_CASE("processes, functions and phases of a test make no difference; tests do") {
  LineOf line;
  line.test = "t.py::a (call)";
  LineOf other = line;
  other.pid = 99;
  other.operation = "sendto";
  other.test = "t.py::a (setup)";
  CHECK(compared({{line}}, {{other}}).unchanged == 1);
  other.test = "t.py::b (call)";
  CHECK(compared({{line}}, {{other}}).differences.size() == 2);
}

TEST_CASE("counts are per run, and only last attempts count") {
  LineOf second;
  second.run = "r2";
  const Side once = {{LineOf()}};
  const Side twice = {{LineOf(), second}, {run_of("r1"), run_of("r2")}};
  CHECK_FALSE(compared(once, twice).has_regression());
  CHECK(compared(once, twice).unchanged == 1);

  Side retried = {{LineOf()}, {run_of("r1"), run_of("r2")}};
  for (RunLine& run : retried.runs) run.worker = "w";
  retried.runs[1].started = "2026-11-20T19:00:00.000Z";
  CHECK_FALSE(compared({{}}, retried).has_regression());
}

TEST_CASE("time and memory over their thresholds") {
  Side base = {{}};
  Side now = {{}};
  now.runs[0].command = "pytest -q --other";  // the only command on both sides
  now.runs[0].wall_ms = 72000;
  now.runs[0].user_ms = 61000;
  now.runs[0].peak_memory_kib = 221 * 1024;
  Comparison comparison = compared(base, now);
  CHECK_FALSE(cost_of(comparison, "wall time").is_regression);  // exactly 1.2 times
  CHECK(cost_of(comparison, "CPU time").is_regression);
  CHECK(cost_of(comparison, "peak memory").is_regression);
  Thresholds thresholds;
  thresholds.cpu = thresholds.memory = 1.3;
  CHECK_FALSE(compared(base, now, thresholds).has_regression());
  // Too little to mean anything.
  base.runs[0].wall_ms = 10;
  now.runs[0] = base.runs[0];
  now.runs[0].wall_ms = 200;
  CHECK_FALSE(compared(base, now).has_regression());
}

TEST_CASE("costs are medians of the same job") {
  Side base = {{}, {}};
  for (const std::int64_t wall : {60000, 1000, 61000}) {
    RunLine run = run_of("r" + std::to_string(wall));
    run.wall_ms = wall;
    base.runs.push_back(run);
  }
  Side now = {{}};
  now.runs.push_back(run_of("other"));
  now.runs[1].command = "make";
  const Comparison comparison = compared(base, now);
  CHECK(cost_of(comparison, "wall time").base == 60000);
  REQUIRE(comparison.remarks.size() == 1);
  CHECK(comparison.remarks[0].find("1 command or worker is on one side only") != std::string::npos);
}

TEST_CASE("without the line for the end nothing is said about costs") {
  const Comparison comparison = compared({{LineOf()}, {}}, {{LineOf()}});
  CHECK(comparison.costs.empty());
  REQUIRE(comparison.remarks.size() == 1);
  CHECK_FALSE(comparison.has_regression());
}

// ---- The suggested config

namespace {

ConfigSuggestion suggested(const std::vector<LineOf>& lines) {
  ConfigSuggestion suggestion;
  for (const LineOf& line : lines) {
    Need need;
    need.kind = line.kind;
    need.reason = line.reason;
    need.verdict = line.verdict;
    need.target = line.target;
    need.host = line.host;
    need.port = line.port;
    need.test = line.test;
    need.program = "python3";
    suggestion.add(need);
  }
  return suggestion;
}

LineOf at(const std::string& host, int port, const std::string& test = "") {
  LineOf line;
  line.host = host;
  line.port = port;
  line.test = test;
  return line;
}

LineOf lookup(const std::string& host, int port, const std::string& test = "") {
  LineOf line = LineOf::name(host);
  line.port = port;
  line.test = test;
  return line;
}

using Entries = std::vector<std::string>;

}  // namespace

TEST_CASE("the allow-list is the smallest that does") {
  CHECK(suggested({lookup("hub", -1), at("hub", 443)}).allow() == Entries{"hub:443"});
  CHECK(suggested({lookup("hub", -1)}).allow() == Entries{"hub"});
  // A lookup for one port and a connection to another.
  CHECK(suggested({lookup("hub", 80), at("hub", 443)}).allow() == Entries{"hub:443", "hub:80"});
  // Any port covers each.
  CHECK(suggested({at("10.0.0.1", 0), at("10.0.0.1", 443)}).allow() == Entries{"10.0.0.1"});
  CHECK(suggested({at("2001:db8::1", 443)}).allow() == Entries{"[2001:db8::1]:443"});
  CHECK(suggested({LineOf::write("/m/x")}).allow().empty());
  CHECK(suggested({lookup("no host name", -1)}).allow().empty());
}

TEST_CASE("each line has its tests, or the program where there is none") {
  CHECK(
      suggested({at("a", 1, "t.py::x (call)"), at("a", 1, "t.py::x (setup)"), at("b", 2)}).toml() ==
      "[egress]\n"
      "allow = [\n"
      "  \"a:1\",  # t.py::x\n"
      "  \"b:2\",  # python3\n"
      "]\n");
  const std::string text =
      suggested({at("a", 1, "t.py::" + std::string(40, 'x')), at("a", 1, "t.py::two"),
                 at("a", 1, "t.py::three"), at("a", 1, "u\n# \x1b")})
          .toml();
  CHECK(text ==
        "[egress]\n"
        "allow = [\n"
        "  # t.py::three\n"
        "  # t.py::two\n"
        "  # t.py::xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"
        "  # and 1 more\n"
        "  \"a:1\",\n"
        "]\n");
}

TEST_CASE("what no setting allows is said as comments") {
  LineOf raw;
  raw.reason = "egress_socket";
  raw.target = "AF_PACKET";
  LineOf probe;
  probe.kind = "probe";
  probe.reason = "egress_probe";
  probe.target = "8.8.8.8:53";
  const ConfigSuggestion suggestion =
      suggested({LineOf::write("/m/x\n[egress]"), raw, probe, lookup("no host name", -1)});
  CHECK(suggestion.is_empty());
  const std::string text = suggestion.toml();
  for (const char* part :
       {"#   /m/x\\x0A[egress]\n", "#   AF_PACKET\n", "#   8.8.8.8:53\n", "#   no host name\n"})
    CHECK(text.find(part) != std::string::npos);
  for (std::size_t start = 0; start < text.size(); start = text.find('\n', start) + 1)
    CHECK(text[start] == '#');
  CHECK(suggested({}).toml().empty());
}

TEST_CASE("programs that were not started need [exec]; those only warned about do not") {
  LineOf program;
  program.kind = "exec";
  program.reason = "exec_static";
  program.target = "/bin/busybox";
  CHECK(suggested({program}).toml() == "[exec]\n# /bin/busybox\nunshimmed = \"warn\"\n");
  program.verdict = "warn";
  CHECK(suggested({program}).is_empty());
}
