// Records: the scan by hand against nlohmann-json, and formats that stay well-formed whatever a
// record holds.
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/utf8.h"
#include "expect.h"
#include "report/compare.h"
#include "report/formats.h"
#include "report/suggest_config.h"

using namespace hfoffline;
using namespace hfoffline::report;
using fuzz::expect;

namespace {

using Json = nlohmann::json;

std::string rendered(const Format& format, const Report& report, GroupBy group_by) {
  std::string text;
  {
    Output out([&](std::string_view piece) {
      text += piece;
      return true;
    });
    RenderOptions options;
    options.rows = format.rows;
    options.group_by = group_by;
    format.render(report, options, out);
  }
  return text;
}

// Where the scan by hand takes a line, nlohmann-json must find the same in it. It does not take
// half a surrogate pair, which becomes U+FFFD here.
void check_scan(std::string_view line) {
  RefusalLine refusal;
  if (find_invalid_utf8(line) != line.npos || !scan_line(line, refusal)) return;
  const Json object = Json::parse(line.begin(), line.end(), nullptr, false);
  if (object.is_discarded()) {
    expect(line.find("\\ud") != line.npos || line.find("\\uD") != line.npos ||
               line.find("\\u") != line.npos,
           "only half a surrogate pair is taken that nlohmann-json does not take");
    return;
  }
  const auto same = [&](const char* key, std::string_view value) {
    const Json& found = object[key];
    return found.is_null() ? value.empty() : found == std::string(value);
  };
  expect(same("time", refusal.time) && same("run", refusal.run) && same("exe", refusal.exe) &&
             same("argv0", refusal.argv0) && same("test", refusal.test) &&
             same("kind", refusal.kind) && same("op", refusal.operation) &&
             same("target", refusal.target) && same("host", refusal.host) &&
             same("errno", refusal.error) && same("verdict", refusal.verdict) &&
             same("reason", refusal.reason) && same("rule", refusal.rule),
         "both read the same texts");
  expect(object["pid"] == refusal.pid && object["count"] == refusal.count &&
             (refusal.port < 0 ? object["port"].is_null() || object["port"] == -1
                               : object["port"] == refusal.port),
         "both read the same numbers");
}

// Everything that XML and HTML can stumble over comes from a record: texts between tags that have
// no '<', tags that close each other in order, no character that XML does not know.
void check_markup(const std::string& text, bool is_html) {
  expect(find_invalid_utf8(text) == text.npos, "markup is UTF-8");
  expect(text.find("\xef\xbf\xbe") == text.npos && text.find("\xef\xbf\xbf") == text.npos,
         "no character that is none in XML");
  for (const char c : text)
    expect(c == '\n' || static_cast<unsigned char>(c) >= 0x20, "no control characters");
  if (is_html) return;  // style and script are not XML
  std::vector<std::string> open;
  for (std::size_t at = 0; (at = text.find('<', at)) != text.npos;) {
    const std::size_t end = text.find('>', at);
    expect(end != text.npos, "every tag ends");
    const std::string tag = text.substr(at + 1, end - at - 1);
    at = end;
    if (tag.starts_with('?')) continue;
    expect(tag.find('<') == tag.npos, "no tag inside of a tag");
    const std::string name = tag.substr(0, tag.find_first_of(" /"));
    if (tag.starts_with('/')) {
      expect(!open.empty() && open.back() == tag.substr(1), "tags close in their order");
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.push_back(name);
    }
  }
  expect(open.empty(), "every tag is closed");
}

void check_annotations(const std::string& text) {
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = text.find('\n', start);
    expect(end != text.npos, "every annotation ends its line");
    const std::string_view line(text.data() + start, end - start);
    expect(line.starts_with("::error title=") || line.starts_with("::warning title="),
           "every line is an annotation of ours");
    expect(line.find('\r') == line.npos, "no other line end");
    start = end + 1;
  }
}

void check_toml(const Report& report) {
  ConfigSuggestion suggestion;
  for (const Finding& finding : report.findings) {
    suggestion.add({report.text(finding.kind), report.text(finding.reason),
                    report.text(finding.verdict), report.text(finding.target),
                    report.text(finding.host), finding.port, report.text(finding.test), "p"});
  }
  const std::string text = suggestion.toml();
  for (std::size_t start = 0; start < text.size(); start = text.find('\n', start) + 1) {
    std::string_view line(text.data() + start, text.find('\n', start) - start);
    while (line.starts_with(' ')) line.remove_prefix(1);
    expect(line.starts_with('#') || line.starts_with('"') || line == "[egress]" ||
               line == "allow = [" || line == "]" || line == "[exec]" ||
               line == "unshimmed = \"warn\"",
           "the suggestion has only lines of ours");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ReportBuilder builder;
  ReportBuilder other;
  std::size_t lines = 0;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = text.find('\n', start);
    const std::string_view line = text.substr(start, end == text.npos ? text.npos : end - start);
    check_scan(line);
    builder.add_line(line, end == text.npos);
    if (lines++ % 2 == 0) other.add_line(line, false);
    if (end == text.npos) break;
    start = end + 1;
  }
  builder.add_input(std::string(text.substr(0, 40)));
  const Report& report = builder.finish();
  expect(report.last_violations <= report.violations, "last attempts are some of all");
  for (const GroupBy group_by : {GroupBy::kHost, GroupBy::kTest, GroupBy::kProcess}) {
    for (const Format& format : formats()) {
      const std::string page = rendered(format, report, group_by);
      if (format.name == "json" || format.name == "sarif")
        expect(Json::accept(page), "json and sarif are JSON");
      if (format.name == "junit" || format.name == "html")
        check_markup(page, format.name == "html");
      if (format.name == "github") check_annotations(page);
      if (format.name == "text") {
        for (const char c : page)
          expect(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f),
                 "text has no control characters");
      }
    }
  }
  check_toml(report);
  compare(report, other.finish(), {});
  return 0;
}
