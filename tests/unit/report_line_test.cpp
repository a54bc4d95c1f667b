#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "catch.h"
#include "core/record.h"
#include "report/line_reader.h"
#include "report_test_support.h"

using namespace hfoffline;
using namespace hfoffline::report;

namespace {

// The line as the shim writes it.
std::string of_the_shim() {
  Record record;
  record.time_seconds = 1763664541;
  record.time_milliseconds = 7;
  record.run = "65fe";
  record.pid = 12;
  record.ppid = 11;
  record.tid = 13;
  record.exe = "/usr/bin/python3.11";
  record.argv0 = "python3";
  record.test = "test_a.py::test_\xc3\xbc (call)";
  record.reason = Reason::egress_address;
  record.operation = "connect";
  record.target = "a \"quoted\" \\ text\n\x01\xff";
  record.host = "h";
  record.port = 443;
  record.error = 101;
  record.verdict = "refuse";
  record.rule = "default";
  record.count = 4;
  char memory[kMaximumRecordBytes];
  Appender out(memory);
  append_record(record, out);
  return std::string(out.view().substr(0, out.size() - 1));
}

ParsedLine parse(std::string_view line, RefusalLine& refusal) {
  RunLine run;
  return parse_line(line, refusal, run);
}

std::vector<std::string> lines_of(const std::string& text, int* cut = nullptr) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  if (fork() == 0) {
    for (std::size_t at = 0; at < text.size();) {
      const ssize_t written = write(ends[1], text.data() + at, text.size() - at);
      if (written <= 0) break;
      at += static_cast<std::size_t>(written);
    }
    _exit(0);
  }
  close(ends[1]);
  LineReader reader(ends[0]);
  std::vector<std::string> lines;
  std::string_view line;
  while (reader.next(&line)) {
    lines.emplace_back(line);
    if (cut != nullptr && reader.was_cut()) ++*cut;
  }
  close(ends[0]);
  return lines;
}

}  // namespace

TEST_CASE("a line of the shim is scanned by hand, with what nlohmann-json finds in it") {
  const std::string line = of_the_shim();
  RefusalLine refusal;
  REQUIRE(scan_line(line, refusal));
  const nlohmann::json object = nlohmann::json::parse(line);
  CHECK(refusal.time == object["time"].get<std::string>());
  CHECK(refusal.target == object["target"].get<std::string>());
  CHECK(refusal.target == "a \"quoted\" \\ text\n\x01\xef\xbf\xbd");
  CHECK(refusal.test == "test_a.py::test_\xc3\xbc (call)");
  CHECK(refusal.error == "ENETUNREACH");
  CHECK(refusal.pid == 12);
  CHECK(refusal.port == 443);
  CHECK(refusal.count == 4);
  CHECK(parse(line, refusal).kind == LineKind::kRefusal);
}

TEST_CASE("what is not in our shape is read all the same, and what is no line is damaged") {
  const std::string line = LineOf().text();
  RefusalLine refusal;
  CHECK(scan_line(line, refusal));
  // Another order, blanks, another field.
  nlohmann::json object = nlohmann::json::parse(line);
  object["later"] = 1;
  CHECK_FALSE(scan_line(object.dump(2), refusal));
  CHECK(parse(object.dump(), refusal).kind == LineKind::kRefusal);
  CHECK(refusal.target == "10.1.2.3:443");
  CHECK_FALSE(parse(object.dump(), refusal).other_version);
  object["schema"] = 7;
  CHECK(parse(object.dump(), refusal).kind == LineKind::kRefusal);
  CHECK(parse(object.dump(), refusal).other_version);
  for (const char* damaged :
       {"", "{", "[]", "null", "{}", "{\"schema\":1}", "{\"schema\":\"1\",\"kind\":\"write\"}",
        "{\"schema\":0,\"kind\":\"write\"}", "\x01"})
    CHECK(parse(damaged, refusal).kind == LineKind::kDamaged);
  for (std::size_t size = 1; size < line.size(); ++size)
    CHECK(parse(line.substr(0, size), refusal).kind == LineKind::kDamaged);
  CHECK(parse(line + "x", refusal).kind == LineKind::kDamaged);
}

TEST_CASE("escapes become what they mean, and what means nothing U+FFFD") {
  LineOf line;
  line.target = "TARGET";
  const auto target_of = [&](const std::string& escaped) {
    std::string text = line.text();
    text.replace(text.find("TARGET"), 6, escaped);
    static RefusalLine refusal;
    REQUIRE(scan_line(text, refusal));
    return std::string(refusal.target);
  };
  CHECK(target_of(R"(\b\f\n\r\t\/\\\")") == "\b\f\n\r\t/\\\"");
  CHECK(target_of(R"(\u00e4\u20AC\ud83d\ude00)") == "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  CHECK(target_of(R"(a\ud83dz\ude00\ud83d)") == "a\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd");
  RefusalLine refusal;
  for (const char* wrong : {R"(\x)", R"(\u12)", R"(\u12g4)", "\n", "\\"}) {
    std::string text = line.text();
    text.replace(text.find("TARGET"), 6, wrong);
    CHECK(parse(text, refusal).kind == LineKind::kDamaged);
  }
  // Bytes that are not UTF-8 are replaced, and the line is not lost.
  std::string text = line.text();
  text.replace(text.find("TARGET"), 6, "\xff\xfe\xc3");
  REQUIRE(parse(text, refusal).kind == LineKind::kRefusal);
  CHECK(refusal.target == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("numbers out of range are not believed") {
  RefusalLine refusal;
  std::string text = LineOf().text();
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  CHECK(parse(with("\"port\":443", "\"port\":65536"), refusal).kind == LineKind::kRefusal);
  CHECK(refusal.port == -1);
  CHECK(parse(with("\"count\":1", "\"count\":0"), refusal).kind == LineKind::kRefusal);
  CHECK(refusal.count == 1);
  CHECK(parse(with("\"count\":1", "\"count\":18446744073709551615"), refusal).kind ==
        LineKind::kRefusal);
  CHECK(refusal.count == 1);
  CHECK(parse(with("\"pid\":7", "\"pid\":007"), refusal).kind == LineKind::kDamaged);
}

TEST_CASE("the line of a run's end is read as it was written") {
  RunLine run = run_of("r\"1");
  run.worker = "shard 1";
  run.command = "sh -c 'echo \"\xc3\xa4\"\n'";
  run.config = "/c/hfoffline.toml";
  run.exit_code = 137;
  run.refusals = 12;
  run.violations = 10;
  run.lost = 1;
  const std::string line = run_line(run);
  CHECK(line.back() == '\n');
  RefusalLine refusal;
  RunLine read;
  REQUIRE(parse_line(line.substr(0, line.size() - 1), refusal, read).kind == LineKind::kRun);
  CHECK(read.run == run.run);
  CHECK(read.started == run.started);
  CHECK(read.ended == run.ended);
  CHECK(read.worker == run.worker);
  CHECK(read.command == run.command);
  CHECK(read.models_dir.empty());
  CHECK(read.config == run.config);
  CHECK(read.exit_code == 137);
  CHECK(read.wall_ms == run.wall_ms);
  CHECK(read.peak_memory_kib == run.peak_memory_kib);
  CHECK(read.refusals == 12);
  CHECK(read.lost == 1);
  // However long the texts are.
  run.command = std::string(100000, 'x');
  run.config = std::string(100000, '\x01');
  CHECK(run_line(run).size() <= kMaximumRecordBytes);
  CHECK(nlohmann::json::parse(run_line(run)).is_object());
}

TEST_CASE("times are read as they are written") {
  for (const std::int64_t time : {0LL, 951782400000LL, 1763664541007LL, 4102444799999LL})
    CHECK(milliseconds_of(record_time(time)) == time);
  CHECK(record_time(951782400000) == "2000-02-29T00:00:00.000Z");
  for (const char* wrong : {"", "2026-11-20", "2026-11-20T18:49:01Z", "2026-13-20T18:49:01.123Z",
                            "2026-11-20 18:49:01.123Z", "2026-11-00T18:49:01.123Z"})
    CHECK(milliseconds_of(wrong) == -1);
}

TEST_CASE("lines of a pipe come whole, and of any length") {
  CHECK(lines_of("").empty());
  CHECK(lines_of("a\n\nb") == std::vector<std::string>{"a", "", "b"});
  std::string text;
  for (int i = 0; i < 50000; ++i) text += "line " + std::to_string(i) + "\n";
  const std::vector<std::string> lines = lines_of(text);
  REQUIRE(lines.size() == 50000);
  CHECK(lines[49999] == "line 49999");
  // What is longer than any line is skipped, whatever its size, and the next one is whole.
  for (const std::size_t size : {100000UL, 5000000UL}) {
    int cut = 0;
    const std::vector<std::string> around =
        lines_of("a\n" + std::string(size, 'x') + "\nb\n" + std::string(size, 'y'), &cut);
    REQUIRE(around.size() == 4);
    CHECK(cut == 2);
    CHECK(around[2] == "b");
  }
}
