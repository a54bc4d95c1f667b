// Each format's golden text, and that nothing a record holds can break out of it. Cases
// (tests/cases/report_*.py) have them read by independent readers.
#include <nlohmann/json.hpp>

#include "catch.h"
#include "report_test_support.h"

using namespace hfoffline::report;

namespace {

// What a program may call a file, a test or itself.
const char kHostile[] =
    "</script>]]>-->\x1b[31m<b "
    "a='\"&\n::error::x%0A\r##[warning]|`\xe2\x80\xae\xef\xbf\xbe\xef\xbf\xbf";

const Report& small(ReportBuilder& builder) {
  LineOf line;
  line.test = "tests/test_a.py::test_b (call)";
  add(builder, line);
  line.count = 2;
  add(builder, line);
  add(builder, LineOf::write("/m/x"));
  RunLine run = run_of("r1");
  run.worker = "shard-1";
  run.refusals = run.violations = 3;
  run.exit_code = 1;
  add(builder, run);
  builder.add_input("a.jsonl");
  return builder.finish();
}

const Report& hostile(ReportBuilder& builder) {
  LineOf line;
  line.test = std::string(kHostile) + "::" + kHostile;
  line.exe = std::string("/bin/") + kHostile;
  line.host = kHostile;
  line.target = kHostile;
  line.rule = kHostile;
  line.run = kHostile;
  line.operation = kHostile;
  line.error = kHostile;
  add(builder, line);
  LineOf write = LineOf::write(kHostile);
  write.run = kHostile;
  add(builder, write);
  RunLine run = run_of(kHostile);
  run.worker = kHostile;
  run.machine = kHostile;
  run.command = kHostile;
  add(builder, run);
  builder.add_input(kHostile);
  return builder.finish();
}

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; ++at) ++count;
  return count;
}

constexpr GroupBy kAll[] = {GroupBy::kHost, GroupBy::kTest, GroupBy::kProcess};

}  // namespace

TEST_CASE("text") {
  ReportBuilder builder;
  CHECK(rendered(small(builder), "text") ==
        "hfoffline: 3 requests were refused; 1 run\n"
        "  network (2)\n"
        "    2x  10.1.2.3:443\n"
        "        python3.11 (7): connect ENETUNREACH\n"
        "        in tests/test_a.py::test_b (call)\n"
        "  writes below protected trees (1)\n"
        "    1x  /m/x\n"
        "        python3.11 (7): openat EROFS\n"
        "  runs (1)\n"
        "    shard-1 on ci-7\n"
        "        pytest -q\n"
        "        exit code 1, 60.0 s, CPU 51.0 s, peak 200 MiB\n");
  ReportBuilder again;
  RenderOptions options;
  options.group_by = GroupBy::kTest;
  CHECK(
      rendered(small(again), "text", options)
          .find(
              "    2x  tests/test_a.py::test_b\n        2x 10.1.2.3:443 (connect ENETUNREACH)\n") !=
      std::string::npos);
}

TEST_CASE("text of a record without refusals") {
  ReportBuilder builder;
  CHECK(rendered(builder.finish(), "text") == "hfoffline: nothing was refused; 0 runs\n");
}

TEST_CASE("text has no control characters, colour only if asked, and 80 columns") {
  for (const GroupBy group_by : kAll) {
    ReportBuilder builder;
    RenderOptions options;
    options.group_by = group_by;
    const Report& report = hostile(builder);
    const std::string text = rendered(report, "text", options);
    for (const char c : text)
      CHECK((c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)));
    CHECK(text.find("\xe2\x80\xae") == std::string::npos);
    options.colour = true;
    CHECK(rendered(report, "text", options).find("\033[1;31m") != std::string::npos);
  }
}

TEST_CASE("json") {
  ReportBuilder builder;
  const auto object = nlohmann::json::parse(rendered(small(builder), "json"));
  CHECK(object["report_schema"] == 1);
  CHECK(object["totals"]["network"] == 2);
  CHECK(object["totals"]["violations"] == 3);
  CHECK(object["runs"][0]["exit_code"] == 1);
  CHECK(object["runs"][0]["worker"] == "shard-1");
  CHECK(object["groups"][0]["label"] == "10.1.2.3:443");
  REQUIRE(object["findings"].size() == 2);
  CHECK(object["findings"][0]["test"] == "tests/test_a.py::test_b (call)");
  CHECK(object["findings"][0]["count"] == 2);
  CHECK(object["findings"][1]["host"].is_null());
  CHECK(object["findings"][1]["port"].is_null());
  ReportBuilder other;
  const auto odd = nlohmann::json::parse(rendered(hostile(other), "json"));
  CHECK(odd["findings"][0]["target"] == kHostile);
}

TEST_CASE("junit") {
  ReportBuilder builder;
  CHECK(rendered(small(builder), "junit") ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"hfoffline\" tests=\"2\" failures=\"2\" errors=\"0\">\n"
        "  <testsuite name=\"network\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\">\n"
        "    <testcase classname=\"hfoffline.network\" name=\"10.1.2.3:443\" time=\"0\">\n"
        "      <failure message=\"2 refusals: 10.1.2.3:443\" type=\"network\">2x connect "
        "ENETUNREACH 10.1.2.3:443; by python3.11 (7); reason egress_address; rule default; in "
        "tests/test_a.py::test_b (call); shard-1 on ci-7\n</failure>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "  <testsuite name=\"writes below protected trees\" tests=\"1\" failures=\"1\" "
        "errors=\"0\" skipped=\"0\">\n"
        "    <testcase classname=\"hfoffline.writes\" name=\"/m/x\" time=\"0\">\n"
        "      <failure message=\"1 refusal: /m/x\" type=\"writes below protected trees\">1x "
        "openat EROFS /m/x; by python3.11 (7); reason protected_tree; rule --models-dir; shard-1 "
        "on ci-7\n</failure>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "</testsuites>\n");
  ReportBuilder again;
  RenderOptions options;
  options.group_by = GroupBy::kTest;
  CHECK(rendered(small(again), "junit", options)
            .find("<testcase classname=\"hfoffline.tests.test_a\" name=\"test_b\" time=\"0\">") !=
        std::string::npos);
  ReportBuilder empty;
  CHECK(rendered(empty.finish(), "junit").find("tests=\"1\" failures=\"0\"") != std::string::npos);
}

TEST_CASE("junit and html: nothing of a record is markup") {
  for (const GroupBy group_by : kAll) {
    for (const char* format : {"junit", "html"}) {
      ReportBuilder builder;
      RenderOptions options;
      options.group_by = group_by;
      const std::string text = rendered(hostile(builder), format, options);
      CHECK(text.find("<b a=") == std::string::npos);
      CHECK(text.find("]]>") == std::string::npos);
      CHECK(text.find("\xef\xbf\xbe") == std::string::npos);
      CHECK(text.find("\xef\xbf\xbf") == std::string::npos);
      CHECK(text.find("\\uFFFE\\uFFFF") != std::string::npos);
      CHECK(text.find("&lt;/script&gt;") != std::string::npos);
      for (const char c : text) CHECK((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
      CHECK(count_of(text, "</script>") == (std::string_view(format) == "html" ? 1 : 0));
    }
  }
}

TEST_CASE("sarif") {
  ReportBuilder builder;
  const auto object = nlohmann::json::parse(rendered(small(builder), "sarif"));
  CHECK(object["version"] == "2.1.0");
  const auto& run = object["runs"][0];
  REQUIRE(run["results"].size() == 2);
  const auto& result = run["results"][0];
  CHECK(result["ruleId"] == "egress_address");
  CHECK(run["tool"]["driver"]["rules"][result["ruleIndex"].get<std::size_t>()]["id"] ==
        "egress_address");
  CHECK(result["level"] == "error");
  CHECK(result["occurrenceCount"] == 2);
  CHECK(result["message"]["text"] ==
        "connect ENETUNREACH 10.1.2.3:443 by python3.11 (7) in tests/test_a.py::test_b (call), 2 "
        "times");
  const auto& place = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
  CHECK(place == "tests/test_a.py");
  // GitHub takes a finding with another fingerprint for a new one.
  CHECK(result["partialFingerprints"]["hfofflineFinding/v1"] == "1fc83e05be021b1e");
  CHECK(run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] ==
        "file:///usr/bin/python3.11");
  CHECK(run["invocations"][0]["exitCode"] == 1);
  CHECK(run["invocations"][0]["executionSuccessful"] == false);
  ReportBuilder other;
  const std::string odd = rendered(hostile(other), "sarif");
  CHECK(nlohmann::json::parse(odd)["runs"][0]["results"].size() == 2);
}

TEST_CASE("github: a line per annotation, whatever is in it") {
  ReportBuilder builder;
  CHECK(rendered(small(builder), "github") ==
        "::error title=hfoffline%3A network refused,file=tests/test_a.py::10.1.2.3:443: 2 times%0A"
        "2x connect ENETUNREACH 10.1.2.3:443 by python3.11 (7) in tests/test_a.py::test_b (call)\n"
        "::error title=hfoffline%3A write refused::/m/x: 1 time%0A1x openat EROFS /m/x by "
        "python3.11 (7)\n");
  for (const GroupBy group_by : kAll) {
    ReportBuilder other;
    RenderOptions options;
    options.group_by = group_by;
    const std::string text = rendered(hostile(other), "github", options);
    CHECK(count_of(text, "\n") == 2);
    CHECK(count_of(text, "\n::error ") == 1);
    CHECK(text.find('\r') == std::string::npos);
    // The record's own "%0A" is no line break.
    CHECK(text.find("x%250A") != std::string::npos);
  }
}

TEST_CASE("github: commands are off while the report itself is printed") {
  ReportBuilder builder;
  RenderOptions options;
  options.github_stop_word = "hfoffline-word";
  const std::string text = rendered(hostile(builder), "github", options);
  const std::size_t stop = text.find("::stop-commands::hfoffline-word\n");
  const std::size_t report = text.find("hfoffline: 2 requests");
  REQUIRE(stop != std::string::npos);
  CHECK(stop < report);
  CHECK(text.ends_with("\n::hfoffline-word::\n"));
}

TEST_CASE("github: ten annotations of a level at the most") {
  ReportBuilder builder;
  for (int i = 0; i < 30; ++i) add(builder, LineOf::write("/m/" + std::to_string(i)));
  CHECK(count_of(rendered(builder.finish(), "github"), "::error ") == 10);
}

TEST_CASE("github: the summary's tables have no Markdown in them") {
  ReportBuilder builder;
  std::string text;
  {
    Output out([&](std::string_view piece) {
      text += piece;
      return true;
    });
    RenderOptions options;
    render_github_summary(hostile(builder), options, out);
  }
  CHECK(text.find("<b a=") == std::string::npos);
  // An empty line would end the block of HTML.
  const std::string table = text.substr(text.find("<table>"), text.find("</table>"));
  CHECK(table.substr(0, table.find("</table>")).find("\n\n") == std::string::npos);
}

TEST_CASE("html: a page of its own") {
  ReportBuilder builder;
  const std::string page = rendered(small(builder), "html");
  CHECK(page.starts_with("<!DOCTYPE html>\n"));
  CHECK(page.ends_with("</html>\n"));
  CHECK(page.find("default-src 'none'") != std::string::npos);
  CHECK(page.find("<code>10.1.2.3:443</code>") != std::string::npos);
  CHECK(page.find("prefers-color-scheme: dark") != std::string::npos);
  for (const char* outside : {"http://", "https://", "src=", "@import", "url("})
    CHECK(page.find(outside) == std::string::npos);
}

TEST_CASE("what does not fit into the rows is counted") {
  ReportBuilder builder;
  for (int i = 0; i < 30; ++i) add(builder, LineOf::write("/m/" + std::to_string(i)));
  const Report& report = builder.finish();
  RenderOptions options;
  options.rows = 4;
  CHECK(rendered(report, "text", options).find("and 26 more targets; --rows N") !=
        std::string::npos);
  CHECK(rendered(report, "junit", options).find("<system-out>and 26 more") != std::string::npos);
  CHECK(rendered(report, "html", options).find("26 more findings are left out") !=
        std::string::npos);
  CHECK(nlohmann::json::parse(
            rendered(report, "sarif", options))["runs"][0]["properties"]["resultsLeftOut"] == 26);
  CHECK(nlohmann::json::parse(rendered(report, "json", options))["findings"].size() == 4);
}

TEST_CASE("every format has a name, an ending and a help line of its own") {
  for (const Format& format : formats()) {
    CHECK(find_format(format.name) == &format);
    CHECK(format_of_file("dir/report" + std::string(format.ending)) == &format);
    CHECK_FALSE(format.help.empty());
  }
  CHECK(find_format("xml") == nullptr);
  CHECK(format_of_file("report") == nullptr);
}

TEST_CASE("an output that fails is not written to again") {
  int calls = 0;
  Output out([&](std::string_view) {
    ++calls;
    return false;
  });
  out << std::string(200000, 'x');
  out << std::string(200000, 'x');
  CHECK_FALSE(out.flush());
  CHECK(calls == 1);
}

TEST_CASE("texts are cut at characters and broken at blanks") {
  CHECK(shorten("abcdefghijklmnopqrst", 9) == "ab...qrst");
  CHECK(wrap("one two three", 7, 2) == "one two\n  three");
  CHECK(wrap("\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6", 5, 0) == "\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xb6");
  CHECK(display("a\x1b\xff") == "a\\x1B\\xFF");
  CHECK(uri_path("/a b/%\xc3\xa4") == "/a%20b/%25%C3%A4");
  CHECK(github_property("a:b,c%d\n") == "a%3Ab%2Cc%25d%0A");
}
