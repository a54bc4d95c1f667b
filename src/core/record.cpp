#include "core/record.h"

#include "core/errnos.h"
#include "core/utf8.h"

namespace hfoffline {
namespace {

// Ten texts at the most, so that a line stays below kMaximumRecordBytes.
constexpr std::size_t kMaximumTextBytes = 768;

void append_key(std::string_view key, Appender& out) { out.add(",\"").add(key).add("\":"); }

void append_text(std::string_view key, std::string_view text, Appender& out) {
  append_key(key, out);
  out.add_byte('"');
  append_json_text(text, kMaximumTextBytes, out);
  out.add_byte('"');
}

void append_optional_text(std::string_view key, std::string_view text, Appender& out) {
  if (!text.empty()) return append_text(key, text, out);
  append_key(key, out);
  out.add("null");
}

void append_error(const Record& record, Appender& out) {
  char number[24];
  Appender fallback(number);
  std::string_view name = record.error_text;
  if (name.empty() && record.error != 0) {
    name = errno_name(record.error);
    if (name.empty()) name = fallback.add("errno ").add_signed(record.error).view();
  }
  append_optional_text("errno", name, out);
}

// Days since 1970-01-01 to a date in the proleptic Gregorian calendar (Howard Hinnant's
// civil_from_days).
struct Date {
  std::uint64_t year, month, day;
};
Date date_of(std::uint64_t days) {
  days += 719468;
  const std::uint64_t era = days / 146097;
  const std::uint64_t day_of_era = days - era * 146097;
  const std::uint64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::uint64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint64_t month_from_march = (5 * day_of_year + 2) / 153;
  const std::uint64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          day_of_year - (153 * month_from_march + 2) / 5 + 1};
}

}  // namespace

void append_time(std::uint64_t seconds, std::uint32_t milliseconds, Appender& out) {
  const Date date = date_of(seconds / 86400);
  const std::uint64_t second = seconds % 86400;
  out.add_number(date.year, 10, 4).add_byte('-').add_number(date.month, 10, 2).add_byte('-');
  out.add_number(date.day, 10, 2).add_byte('T').add_number(second / 3600, 10, 2).add_byte(':');
  out.add_number(second / 60 % 60, 10, 2).add_byte(':').add_number(second % 60, 10, 2);
  out.add_byte('.').add_number(milliseconds, 10, 3).add_byte('Z');
}

void append_json_text(std::string_view text, std::size_t maximum, Appender& out) {
  constexpr std::string_view kCut = "...";
  constexpr std::size_t kLongestEscape = 6;  // \\u001b
  const std::size_t start = out.size();
  while (!text.empty()) {
    if (out.size() - start + kLongestEscape + kCut.size() > maximum) {
      out.add(kCut);
      return;
    }
    char32_t code_point = 0;
    const std::size_t length = utf8_sequence(text, &code_point);
    const char c = text.front();
    if (length == 0) {
      out.add("\\ufffd");
      text.remove_prefix(1);
      continue;
    }
    if (c == '"' || c == '\\') {
      out.add_byte('\\').add_byte(c);
    } else if (c == '\n') {
      out.add("\\n");
    } else if (c == '\t') {
      out.add("\\t");
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out.add("\\u").add_number(static_cast<unsigned char>(c), 16, 4);
    } else {
      out.add(slice(text, 0, length));
    }
    text.remove_prefix(length);
  }
}

void append_record(const Record& record, Appender& out) {
  const ReasonInfo& reason = reason_info(record.reason);
  out.add("{\"schema\":").add_number(kRecordSchema).add(",\"time\":\"");
  append_time(record.time_seconds, record.time_milliseconds, out);
  out.add_byte('"');
  append_text("run", record.run, out);
  append_key("pid", out);
  out.add_signed(record.pid);
  append_key("ppid", out);
  out.add_signed(record.ppid);
  append_key("tid", out);
  out.add_signed(record.tid);
  append_text("exe", record.exe, out);
  append_text("argv0", record.argv0, out);
  append_optional_text("test", record.test, out);
  append_text("kind", kind_name(reason.kind), out);
  append_text("op", record.operation, out);
  append_text("target", record.target, out);
  append_optional_text("host", record.host, out);
  append_key("port", out);
  if (record.port < 0) {
    out.add("null");
  } else {
    out.add_signed(record.port);
  }
  append_error(record, out);
  append_text("verdict", record.verdict, out);
  append_text("reason", reason.code, out);
  append_text("rule", record.rule, out);
  append_key("count", out);
  out.add_number(record.count).add("}\n");
}

}  // namespace hfoffline
