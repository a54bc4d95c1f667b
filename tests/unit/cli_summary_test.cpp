#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "catch.h"
#include "cli/record_reader.h"
#include "cli/summary.h"

using namespace hfoffline;
using namespace hfoffline::cli;

namespace {

RecordLine line(const std::string& kind, const std::string& host, int port, std::int64_t pid,
                std::uint64_t count) {
  RecordLine result;
  result.kind = kind;
  result.host = host;
  result.port = port;
  result.target = host;
  result.pid = pid;
  result.count = count;
  result.program = "python3";
  result.operation = kind == "name" ? "getaddrinfo" : kind == "write" ? "openat" : "connect";
  result.error = "E";
  result.verdict = "refuse";
  result.reason = kind == "name"    ? "egress_name"
                  : kind == "write" ? "protected_tree"
                                    : "egress_address";
  return result;
}

class File {
 public:
  explicit File(const std::string& text) {
    char name[] = "/tmp/hfunit-XXXXXX";
    close(mkstemp(name));
    path_ = name;
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~File() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

const char kLine[] =
    R"({"schema":1,"time":"2026-11-20T18:49:01.123Z","run":"r1","pid":7,"ppid":6,"tid":7,"exe":"/usr/bin/python3.11",)"
    R"("argv0":"python3","test":null,"kind":"egress","op":"connect","target":"10.1.2.3:443","host":"10.1.2.3","port":443,)"
    R"("errno":"ENETUNREACH","verdict":"refuse","reason":"egress_address","rule":"default","count":1})";

std::string of_run(const std::string& run) {
  std::string text = kLine;
  text.replace(text.find("r1"), 2, run);
  return text;
}

}  // namespace

TEST_CASE("a process's lines count up; what is left is the highest of each, added up") {
  const auto groups = group_refusals({line("egress", "h", 80, 1, 1), line("egress", "h", 80, 1, 2),
                                      line("egress", "h", 80, 1, 4), line("egress", "h", 80, 2, 1),
                                      line("egress", "i", 80, 2, 1)});
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].where == "h:80");
  CHECK(groups[0].count == 5);
  CHECK(groups[0].programs == std::vector<std::string>{"python3 (1)", "python3 (2)"});
  CHECK(groups[1].count == 1);
}

TEST_CASE("a pid that is given to a second process starts again") {
  const auto groups = group_refusals({line("write", "/x", -1, 1, 1), line("write", "/x", -1, 1, 2),
                                      line("write", "/x", -1, 1, 1), line("write", "/x", -1, 1, 2),
                                      line("write", "/x", -1, 1, 4)});
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].count == 6);
  CHECK_FALSE(groups[0].is_network);
}

TEST_CASE("groups are by target and test, largest first, ties in order") {
  std::vector<RecordLine> lines = {line("name", "b", -1, 1, 1), line("egress", "a", 1, 1, 1),
                                   line("name", "b", -1, 2, 8)};
  lines.push_back(lines[1]);
  lines[3].test = "t";
  const auto groups = group_refusals(lines);
  REQUIRE(groups.size() == 3);
  CHECK(groups[0].where == "b");
  CHECK(groups[0].count == 9);
  CHECK(groups[1].where == "a:1");
  CHECK(groups[1].test.empty());
  CHECK(groups[2].test == "t");
}

TEST_CASE("what is no violation is in no group") {
  RecordLine probe = line("probe", "8.8.8.8", 53, 1, 1);
  probe.reason = "egress_probe";
  RecordLine unknown = line("egress", "h", 1, 1, 1);
  unknown.reason = "of_a_later_version";
  CHECK(group_refusals({probe, unknown}).empty());
}

TEST_CASE("the allow-list has each host once, with ports where they are known") {
  std::vector<RecordLine> lines = {
      line("name", "hub", -1, 1, 1),      line("egress", "hub", 443, 1, 1),
      line("egress", "hub", 443, 2, 1),   line("egress", "hub", 80, 1, 1),
      line("name", "other", -1, 1, 1),    line("egress", "2001:db8::1", 443, 1, 1),
      line("egress", "10.0.0.1", 0, 1, 1)};
  for (RecordLine& each : lines) each.verdict = "audit";
  lines.push_back(line("egress", "refused", 1, 1, 1));
  lines.push_back(line("write", "/x", -1, 1, 1));
  CHECK(allow_list_for(lines) ==
        std::vector<std::string>{"10.0.0.1", "[2001:db8::1]:443", "hub:443", "hub:80", "other"});
}

TEST_CASE("torn and foreign lines are counted, not believed") {
  const std::string good = of_run("r1") + "\n";
  const File file(good + "{\"schema\":1,\"run\":\"r\n" + "\n" + "[]\n" + "{\"schema\":2}\n" +
                  std::string("\0\xff\n", 3) + of_run("r2") + "\n" + good + good.substr(0, 40));
  const RecordContents contents = read_record(file.path(), 0, "r1");
  CHECK(contents.readable);
  CHECK(contents.lines.size() == 2);
  CHECK(contents.damaged == 5);
  CHECK(contents.lines[0].program == "python3.11");
  CHECK(contents.lines[0].port == 443);
  CHECK(contents.lines[0].test.empty());
  CHECK(read_record(file.path(), 0, "").lines.size() == 3);
  CHECK(read_record(file.path(), good.size(), "r1").lines.size() == 1);
  // The file became shorter than it was: it is read from its start.
  CHECK(read_record(file.path(), 1 << 20, "r1").lines.size() == 2);
}

TEST_CASE("a last line without its newline counts if it is whole") {
  const File file(of_run("r1"));
  CHECK(read_record(file.path(), 0, "r1").lines.size() == 1);
}

TEST_CASE("long records are read in pieces") {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += of_run("r1") + "\n";
  const File file(text);
  CHECK(read_record(file.path(), 0, "r1").lines.size() == 2000);
}

TEST_CASE("what is no regular file is not read") {
  CHECK_FALSE(read_record("/dev/full", 0, "").readable);
  CHECK_FALSE(read_record("/no/such/file", 0, "").readable);
  CHECK_FALSE(read_record("/tmp", 0, "").readable);
}

TEST_CASE("a run without refusals is one sentence") {
  SummaryInputs inputs;
  inputs.models_dir = "/m";
  inputs.layout = "hf-home";
  inputs.variables_set = 1;
  CHECK(render_summary(inputs) ==
        "hfoffline: nothing was refused; models dir /m (hf-home); 1 variable set, 0\nremoved\n");
}

TEST_CASE("counts that the record knows only roughly are said to be so") {
  SummaryInputs inputs;
  inputs.record.lines = {line("egress", "h", 80, 1, 4)};
  inputs.totals.refusals[static_cast<std::size_t>(Kind::egress)] = 7;
  CHECK(render_summary(inputs).find("    4x or more  h:80\n") != std::string::npos);
  inputs.totals.refusals[static_cast<std::size_t>(Kind::egress)] = 4;
  CHECK(render_summary(inputs).find("    4x  h:80\n") != std::string::npos);
}

TEST_CASE("lost records and other exit codes are said even if nothing else is") {
  SummaryInputs inputs;
  inputs.totals.lost_records = 2;
  inputs.record_file = "/r";
  CHECK(render_summary(inputs).find("2 records could not be written to /r") != std::string::npos);
  inputs = {};
  inputs.exit_reason = "exit code 125: the shim never came up";
  CHECK(render_summary(inputs).find("exit code 125") != std::string::npos);
}

TEST_CASE("nothing that a program names can control the terminal") {
  SummaryInputs inputs;
  inputs.totals.refusals[static_cast<std::size_t>(Kind::write)] = 1;
  inputs.record.lines = {line("write", "/m/\033[31m\n\xff", -1, 1, 1)};
  inputs.record.lines[0].test = "\033]0;title\007";
  inputs.record.lines[0].program = "\r\033[2J";
  const std::string text = render_summary(inputs);
  for (const char c : text)
    CHECK((c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)));
}

TEST_CASE("long texts lose their middle, at characters") {
  CHECK(shorten("short", 10) == "short");
  CHECK(shorten("abcdefghijklmnopqrst", 9) == "ab...qrst");
  CHECK(shorten("\u00e4\u00f6\u00fc\u00df\u00e4\u00f6\u00fc\u00df\u00e4\u00f6", 9) ==
        "\u00e4\u00f6...\u00fc\u00df\u00e4\u00f6");
  CHECK(shorten("abcdef", 3) == "abcdef");
}
