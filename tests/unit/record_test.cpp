#include "core/record.h"

#include <cerrno>
#include <ctime>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "catch.h"

using namespace hfoffline;
using nlohmann::json;

namespace {

std::string line_of(const Record& record) {
  std::vector<char> memory(64 * 1024);
  Appender out(memory.data(), memory.size());
  append_record(record, out);
  REQUIRE_FALSE(out.overflowed());
  return std::string(out.view());
}

// What one line says, after checking that it is one line of JSON and nothing else.
json parsed(const Record& record) {
  const std::string line = line_of(record);
  REQUIRE(line.size() <= kMaximumRecordBytes);
  REQUIRE(line.find('\n') == line.size() - 1);
  const json value = json::parse(line, nullptr, false);
  CAPTURE(line);
  REQUIRE(value.is_object());
  return value;
}

std::string time_of(std::uint64_t seconds, std::uint32_t milliseconds = 0) {
  char array[64];
  Appender out(array);
  append_time(seconds, milliseconds, out);
  REQUIRE_FALSE(out.overflowed());
  return std::string(out.view());
}

std::string json_text(std::string_view text, std::size_t maximum = 1000) {
  std::vector<char> memory(maximum + 100);
  Appender out(memory.data(), memory.size());
  append_json_text(text, maximum, out);
  REQUIRE(out.size() <= maximum);
  return std::string(out.view());
}

std::string read_back(std::string_view text, std::size_t maximum = 1000) {
  const json value = json::parse("\"" + json_text(text, maximum) + "\"", nullptr, false);
  REQUIRE(value.is_string());
  return value.get<std::string>();
}

// Every text of a record, by its key.
struct TextField {
  const char* key;
  std::string_view Record::*field;
};
constexpr TextField kTexts[] = {
    {"run", &Record::run},   {"exe", &Record::exe},          {"argv0", &Record::argv0},
    {"test", &Record::test}, {"op", &Record::operation},     {"target", &Record::target},
    {"host", &Record::host}, {"errno", &Record::error_text}, {"verdict", &Record::verdict},
    {"rule", &Record::rule},
};

}  // namespace

TEST_CASE("record: a whole line, as it is written") {
  Record record;
  record.time_seconds = 1795200541;
  record.time_milliseconds = 7;
  record.run = "r-1";
  record.pid = 10;
  record.ppid = 9;
  record.tid = 11;
  record.exe = "/usr/bin/python3.11";
  record.argv0 = "python3";
  record.test = "tests/a.py::test_b (call)";
  record.reason = Reason::egress_address;
  record.operation = "connect";
  record.target = "192.0.2.1:443";
  record.host = "huggingface.co";
  record.port = 443;
  record.error = ENETUNREACH;
  record.verdict = "refuse";
  record.rule = "default";
  record.count = 4;
  CHECK(line_of(record) ==
        "{\"schema\":1,\"time\":\"2026-11-20T18:49:01.007Z\",\"run\":\"r-1\",\"pid\":10,"
        "\"ppid\":9,\"tid\":11,\"exe\":\"/usr/bin/python3.11\",\"argv0\":\"python3\","
        "\"test\":\"tests/a.py::test_b (call)\",\"kind\":\"egress\",\"op\":\"connect\","
        "\"target\":\"192.0.2.1:443\",\"host\":\"huggingface.co\",\"port\":443,"
        "\"errno\":\"ENETUNREACH\",\"verdict\":\"refuse\",\"reason\":\"egress_address\","
        "\"rule\":\"default\",\"count\":4}\n");
}

TEST_CASE("record: what is not known is null, and every key is there") {
  const json value = parsed(Record{});
  const std::set<std::string> keys = {
      "schema", "time",   "run",  "pid",  "ppid",  "tid",     "exe",    "argv0", "test", "kind",
      "op",     "target", "host", "port", "errno", "verdict", "reason", "rule",  "count"};
  std::set<std::string> found;
  for (const auto& [key, item] : value.items()) found.insert(key);
  CHECK(found == keys);
  for (const char* key : {"test", "host", "port", "errno"}) {
    CAPTURE(key);
    CHECK(value[key].is_null());
  }
  CHECK(value["schema"] == kRecordSchema);
  CHECK(value["count"] == 1);
  CHECK(value["time"] == "1970-01-01T00:00:00.000Z");
}

TEST_CASE("record: kind and reason of every reason") {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Reason::count); ++i) {
    Record record;
    record.reason = static_cast<Reason>(i);
    const json value = parsed(record);
    CHECK(value["reason"] == std::string(reason_info(record.reason).code));
    CHECK(value["kind"] == std::string(kind_name(reason_info(record.reason).kind)));
  }
}

TEST_CASE("record: the errno by name, by number, or another function's error") {
  Record record;
  record.error = EROFS;
  CHECK(parsed(record)["errno"] == "EROFS");
  record.error = 3999;
  CHECK(parsed(record)["errno"] == "errno 3999");
  record.error_text = "EAI_NONAME";
  CHECK(parsed(record)["errno"] == "EAI_NONAME");
}

TEST_CASE("record: numbers at their limits") {
  Record record;
  record.pid = std::numeric_limits<std::int64_t>::min();
  record.ppid = std::numeric_limits<std::int64_t>::max();
  record.tid = -1;
  record.port = 0;
  record.count = std::numeric_limits<std::uint64_t>::max();
  json value = parsed(record);
  CHECK(value["pid"] == std::numeric_limits<std::int64_t>::min());
  CHECK(value["ppid"] == std::numeric_limits<std::int64_t>::max());
  CHECK(value["tid"] == -1);
  CHECK(value["port"] == 0);
  CHECK(value["count"] == std::numeric_limits<std::uint64_t>::max());
  record.port = 65535;
  CHECK(parsed(record)["port"] == 65535);
}

TEST_CASE("record: control bytes, quotes and backslashes are escaped") {
  for (int byte = 0; byte < 0x80; ++byte) {
    const std::string text = std::string("a") + static_cast<char>(byte) + "z";
    CAPTURE(byte);
    const std::string inside = json_text(text);
    for (const char c : inside) REQUIRE((c >= 0x20 && c < 0x7f));
    CHECK(read_back(text) == text);
  }
  CHECK(json_text("\n\t\r\x1b\x7f\"\\/") == "\\n\\t\\u000d\\u001b\\u007f\\\"\\\\/");
}

TEST_CASE("record: good UTF-8 stays as it is") {
  for (const char* text :
       {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\xa4\x97", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    CAPTURE(text);
    CHECK(json_text(text) == text);
    CHECK(read_back(text) == text);
  }
}

TEST_CASE("record: each byte that is no UTF-8 becomes U+FFFD") {
  const std::string replaced = "\xef\xbf\xbd";
  struct Case {
    std::string text;
    std::string read;
  };
  const Case cases[] = {
      {"\xff", replaced},
      {"a\x80z", "a" + replaced + "z"},
      {"\xc3", replaced},
      {"\xc3(", replaced + "("},
      {"\xc0\xaf", replaced + replaced},                                // overlong "/"
      {"\xe0\x80\xaf", replaced + replaced + replaced},                 // overlong
      {"\xed\xa0\x80", replaced + replaced + replaced},                 // a surrogate
      {"\xf4\x90\x80\x80", replaced + replaced + replaced + replaced},  // over U+10FFFF
      {"\xe2\x82", replaced + replaced},                                // cut short
      {"\xf0\x9f\xa4", replaced + replaced + replaced},
      {"\xe2\x82\xac\xe2\x82", "\xe2\x82\xac" + replaced + replaced},
  };
  for (const Case& c : cases) {
    CAPTURE(c.read);
    CHECK(read_back(c.text) == c.read);
  }
}

TEST_CASE("record: any bytes at all are valid JSON and UTF-8 afterwards, cut anywhere") {
  std::mt19937 random(6);
  for (int round = 0; round < 3000; ++round) {
    std::string text(random() % 120, '\0');
    for (char& c : text) {
      // Bytes that UTF-8 sequences are made of come often.
      c = static_cast<char>(random() % 3 == 0 ? random() : 0x80 + random() % 0x78);
    }
    const std::size_t maximum = 9 + random() % 200;
    read_back(text, maximum);
  }
}

TEST_CASE("record: a long text is cut at a character, says so, and keeps the limit") {
  for (const std::string unit : {"a", "\"", "\x01", "\xff", "\xc3\xa9", "\xe2\x82\xac",
                                 "\xf0\x9f\xa4\x97", "ab\xc3\xa9\n"}) {
    std::string text;
    while (text.size() < 400) text += unit;
    for (std::size_t maximum = 9; maximum < 300; ++maximum) {
      CAPTURE(unit, maximum);
      const std::string inside = json_text(text, maximum);
      // No more is lost than one escape and the dots need.
      REQUIRE(inside.size() + 9 > maximum);
      REQUIRE(inside.substr(inside.size() - 3) == "...");
      std::string read = read_back(text, maximum);
      read.resize(read.size() - 3);
      if (unit != "\xff") REQUIRE(text.compare(0, read.size(), read) == 0);
    }
  }
}

TEST_CASE("record: a text that is far from the limit is not cut") {
  for (std::size_t size = 0; size <= 700; size += 7) {
    const std::string text(size, 'x');
    CHECK(json_text(text, 768) == text);
  }
}

TEST_CASE("record: a line with every text at its longest and every number at its widest fits") {
  for (const std::string unit :
       {"a", "\"", "\x01", "\xff", "\xe2\x82\xac", "\xf0\x9f\xa4\x97", "a\x01"}) {
    for (std::size_t size :
         {600U, 760U, 761U, 762U, 763U, 764U, 765U, 766U, 767U, 768U, 769U, 5000U}) {
      std::string text;
      while (text.size() < size) text += unit;
      for (std::size_t i = 0; i < static_cast<std::size_t>(Reason::count); ++i) {
        Record record;
        for (const TextField& field : kTexts) record.*field.field = text;
        record.reason = static_cast<Reason>(i);
        record.time_seconds = std::numeric_limits<std::uint64_t>::max();
        record.time_milliseconds = std::numeric_limits<std::uint32_t>::max();
        record.pid = record.ppid = record.tid = std::numeric_limits<std::int64_t>::min();
        record.port = std::numeric_limits<std::int32_t>::max();
        record.error = std::numeric_limits<int>::min();
        record.count = std::numeric_limits<std::uint64_t>::max();
        const json value = parsed(record);
        REQUIRE(value.size() == 19);
      }
    }
  }
}

TEST_CASE("record: a cut text leaves all others as they are") {
  const std::string text(4000, 'x');
  for (const TextField& cut : kTexts) {
    Record record;
    for (const TextField& field : kTexts) record.*field.field = field.key;
    record.*cut.field = text;
    const json value = parsed(record);
    for (const TextField& field : kTexts) {
      const std::string read = value[field.key];
      CAPTURE(cut.key, field.key);
      if (field.field == cut.field) {
        CHECK(read.size() > 700);
        CHECK(read.substr(read.size() - 3) == "...");
      } else {
        CHECK(read == field.key);
      }
    }
  }
}

TEST_CASE("record: an array that is too small is not written beyond") {
  Record record;
  record.target = "/mnt/models";
  const std::string whole = line_of(record);
  for (std::size_t capacity = 0; capacity < whole.size(); ++capacity) {
    std::string memory(capacity + 4, '?');
    Appender out(memory.data(), capacity);
    append_record(record, out);
    REQUIRE(out.overflowed());
    REQUIRE(memory == whole.substr(0, capacity) + "????");
  }
}

TEST_CASE("record: times, with leap days and the ends of months") {
  CHECK(time_of(0) == "1970-01-01T00:00:00.000Z");
  CHECK(time_of(1, 1) == "1970-01-01T00:00:01.001Z");
  CHECK(time_of(59, 999) == "1970-01-01T00:00:59.999Z");
  CHECK(time_of(86399) == "1970-01-01T23:59:59.000Z");
  CHECK(time_of(86400) == "1970-01-02T00:00:00.000Z");
  CHECK(time_of(68169600) == "1972-02-29T00:00:00.000Z");
  CHECK(time_of(951782399) == "2000-02-28T23:59:59.000Z");
  CHECK(time_of(951782400) == "2000-02-29T00:00:00.000Z");
  CHECK(time_of(951868800) == "2000-03-01T00:00:00.000Z");
  CHECK(time_of(1709164800) == "2024-02-29T00:00:00.000Z");
  CHECK(time_of(1735689599, 999) == "2024-12-31T23:59:59.999Z");
  CHECK(time_of(1740787200) == "2025-03-01T00:00:00.000Z");
  CHECK(time_of(4107542399) == "2100-02-28T23:59:59.000Z");
  CHECK(time_of(4107542400) == "2100-03-01T00:00:00.000Z");  // 2100 is no leap year
  CHECK(time_of(2147483648) == "2038-01-19T03:14:08.000Z");
  CHECK(time_of(253402300799) == "9999-12-31T23:59:59.000Z");
}

TEST_CASE("record: every day until 2500, as the C library writes it") {
  for (std::time_t day = 0; day < 365 * 531; ++day) {
    const std::time_t seconds = day * 86400 + day % 86400;
    std::tm fields;
    REQUIRE(gmtime_r(&seconds, &fields) != nullptr);
    char wanted[64];
    REQUIRE(std::strftime(wanted, sizeof(wanted), "%Y-%m-%dT%H:%M:%S.000Z", &fields) != 0);
    const std::string written = time_of(static_cast<std::uint64_t>(seconds));
    if (written != wanted) REQUIRE(written == wanted);
  }
}
