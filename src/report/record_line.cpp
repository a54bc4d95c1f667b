#include "report/record_line.h"

#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/record.h"
#include "core/text.h"
#include "core/utf8.h"

namespace hfoffline::report {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

int hex_digit(char c) {
  if (is_ascii_digit(c)) return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The four digits behind "\u"; -1 if they are not there.
int code_unit(const char* p, const char* end) {
  if (end - p < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(p[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

void append_code_point(char32_t code_point, std::string& out) {
  char bytes[4];
  out.append(bytes, encode_utf8(code_point, bytes));
}

bool is_high_surrogate(int unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool is_low_surrogate(int unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

// Appends the escape that *p is behind the backslash of; false if there is no such escape.
bool append_escape(const char** position, const char* end, std::string& out) {
  const char* p = *position;
  if (p == end) return false;
  const char c = *p++;
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
  if (const std::size_t at = kLetters.find(c); at != kLetters.npos) {
    out.push_back(kMeant[at]);
  } else if (c == 'u') {
    const int unit = code_unit(p, end);
    if (unit < 0) return false;
    p += 4;
    const bool paired = is_high_surrogate(unit) && end - p >= 6 && p[0] == '\\' && p[1] == 'u' &&
                        is_low_surrogate(code_unit(p + 2, end));
    if (paired) {
      const int low = code_unit(p + 2, end);
      p += 6;
      append_code_point(0x10000 + (static_cast<char32_t>(unit - 0xd800) << 10) +
                            static_cast<char32_t>(low - 0xdc00),
                        out);
    } else if (is_high_surrogate(unit) || is_low_surrogate(unit)) {
      out.append(kReplacement);
    } else {
      append_code_point(static_cast<char32_t>(unit), out);
    }
  } else {
    return false;
  }
  *position = p;
  return true;
}

// Reads the fields of a line in our own order. Every step says whether it found what it expects.
class Cursor {
 public:
  // `memory` must have room for the whole line: texts point into it.
  Cursor(std::string_view line, std::string& memory)
      : position_(line.data()), end_(line.data() + line.size()), memory_(memory) {}

  bool literal(std::string_view expected) {
    if (static_cast<std::size_t>(end_ - position_) < expected.size() ||
        std::memcmp(position_, expected.data(), expected.size()) != 0)
      return false;
    position_ += expected.size();
    return true;
  }

  bool text(std::string_view* value) {
    if (!literal("\"")) return false;
    const char* start = position_;
    const char* p = start;
    while (p != end_ && *p != '"' && *p != '\\') {
      if (static_cast<unsigned char>(*p) < 0x20) return false;
      ++p;
    }
    if (p == end_) return false;
    if (*p == '"') {
      *value = {start, static_cast<std::size_t>(p - start)};
      position_ = p + 1;
      return true;
    }
    return escaped_text(start, p, value);
  }

  bool optional_text(std::string_view* value) {
    *value = {};
    return literal("null") || text(value);
  }

  bool number(std::int64_t* value) {
    const bool negative = literal("-");
    const char* start = position_;
    std::uint64_t result = 0;
    while (position_ != end_ && is_ascii_digit(*position_)) {
      if (position_ - start == 18) return false;
      result = result * 10 + static_cast<std::uint64_t>(*position_++ - '0');
    }
    *value = negative ? -static_cast<std::int64_t>(result) : static_cast<std::int64_t>(result);
    // JSON has no leading zeros.
    return position_ != start && (*start != '0' || position_ - start == 1);
  }

  bool at_end() const { return position_ == end_; }

 private:
  bool escaped_text(const char* start, const char* p, std::string_view* value) {
    const std::size_t from = memory_.size();
    memory_.append(start, p);
    while (p != end_ && *p != '"') {
      if (static_cast<unsigned char>(*p) < 0x20) return false;
      if (*p != '\\') {
        memory_.push_back(*p++);
      } else if (!append_escape(&++p, end_, memory_)) {
        return false;
      }
    }
    if (p == end_) return false;
    *value = std::string_view(memory_).substr(from);
    position_ = p + 1;
    return true;
  }

  const char* position_;
  const char* end_;
  std::string& memory_;
};

bool has_high_bytes(std::string_view line) {
  std::uint64_t seen = 0;
  std::size_t i = 0;
  for (; i + 8 <= line.size(); i += 8) {
    std::uint64_t chunk;
    std::memcpy(&chunk, line.data() + i, 8);
    seen |= chunk;
  }
  for (; i < line.size(); ++i) seen |= static_cast<unsigned char>(line[i]) & 0x80U;
  return (seen & 0x8080808080808080) != 0;
}

// Without a byte that is not UTF-8.
std::string repaired(std::string_view line) {
  std::string result;
  result.reserve(line.size() + 16);
  while (!line.empty()) {
    char32_t code_point = 0;
    const std::size_t length = utf8_sequence(line, &code_point);
    result.append(length == 0 ? kReplacement : line.substr(0, length));
    line.remove_prefix(length == 0 ? 1 : length);
  }
  return result;
}

bool scan_fields(std::string_view line, RefusalLine& refusal) {
  std::int64_t ppid = 0;
  std::int64_t tid = 0;
  std::int64_t port = -1;
  std::int64_t count = 0;
  Cursor in(line, refusal.memory);
  const bool ours =
      in.literal("{\"schema\":1,\"time\":") && in.text(&refusal.time) && in.literal(",\"run\":") &&
      in.text(&refusal.run) && in.literal(",\"pid\":") && in.number(&refusal.pid) &&
      in.literal(",\"ppid\":") && in.number(&ppid) && in.literal(",\"tid\":") && in.number(&tid) &&
      in.literal(",\"exe\":") && in.text(&refusal.exe) && in.literal(",\"argv0\":") &&
      in.text(&refusal.argv0) && in.literal(",\"test\":") && in.optional_text(&refusal.test) &&
      in.literal(",\"kind\":") && in.text(&refusal.kind) && in.literal(",\"op\":") &&
      in.text(&refusal.operation) && in.literal(",\"target\":") && in.text(&refusal.target) &&
      in.literal(",\"host\":") && in.optional_text(&refusal.host) && in.literal(",\"port\":") &&
      (in.literal("null") || in.number(&port)) && in.literal(",\"errno\":") &&
      in.optional_text(&refusal.error) && in.literal(",\"verdict\":") &&
      in.text(&refusal.verdict) && in.literal(",\"reason\":") && in.text(&refusal.reason) &&
      in.literal(",\"rule\":") && in.text(&refusal.rule) && in.literal(",\"count\":") &&
      in.number(&count) && in.literal("}") && in.at_end();
  static_assert(kRecordSchema == 1, "the scanned literal names the version");
  if (!ours || port < -1 || port > 65535 || count < 1) return false;
  refusal.port = static_cast<std::int32_t>(port);
  refusal.count = static_cast<std::uint64_t>(count);
  return true;
}

// ---- Lines that are not in our own shape

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_of(const Json& object, const char* key, std::int64_t otherwise) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) return otherwise;
  if (found->is_number_unsigned() &&
      found->get<std::uint64_t>() >
          static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return otherwise;
  return found->get<std::int64_t>();
}

std::uint64_t count_of(const Json& object, const char* key, std::uint64_t otherwise) {
  const std::int64_t value = number_of(object, key, -1);
  return value < 0 ? otherwise : static_cast<std::uint64_t>(value);
}

void take_run(const Json& object, RunLine& run) {
  run.run = text_of(object, "run");
  run.version = text_of(object, "version");
  run.started = text_of(object, "started");
  run.ended = text_of(object, "time");
  run.machine = text_of(object, "machine");
  run.worker = text_of(object, "worker");
  run.command = text_of(object, "command");
  run.mode = text_of(object, "mode");
  run.models_dir = text_of(object, "models_dir");
  run.config = text_of(object, "config");
  run.exit_code = number_of(object, "exit_code", 0);
  run.wall_ms = number_of(object, "wall_ms", 0);
  run.user_ms = number_of(object, "user_ms", 0);
  run.system_ms = number_of(object, "system_ms", 0);
  run.peak_memory_kib = number_of(object, "peak_memory_kib", 0);
  run.refusals = count_of(object, "refusals", 0);
  run.violations = count_of(object, "violations", 0);
  run.lost = count_of(object, "lost", 0);
}

void take_refusal(const Json& object, RefusalLine& refusal) {
  struct Field {
    const char* key;
    std::string_view* value;
  };
  const Field fields[] = {
      {"time", &refusal.time},    {"run", &refusal.run},         {"exe", &refusal.exe},
      {"argv0", &refusal.argv0},  {"test", &refusal.test},       {"kind", &refusal.kind},
      {"op", &refusal.operation}, {"target", &refusal.target},   {"host", &refusal.host},
      {"errno", &refusal.error},  {"verdict", &refusal.verdict}, {"reason", &refusal.reason},
      {"rule", &refusal.rule},
  };
  std::string texts[std::size(fields)];
  std::size_t size = 0;
  for (std::size_t i = 0; i < std::size(fields); ++i) {
    texts[i] = text_of(object, fields[i].key);
    size += texts[i].size();
  }
  refusal.memory.clear();
  refusal.memory.reserve(size);  // the texts point into it
  for (std::size_t i = 0; i < std::size(fields); ++i) {
    const std::size_t from = refusal.memory.size();
    refusal.memory.append(texts[i]);
    *fields[i].value = std::string_view(refusal.memory).substr(from);
  }
  refusal.pid = number_of(object, "pid", 0);
  const std::int64_t port = number_of(object, "port", -1);
  refusal.port = port < 0 || port > 65535 ? -1 : static_cast<std::int32_t>(port);
  const std::uint64_t count = count_of(object, "count", 1);
  refusal.count = count == 0 ? 1 : count;
}

ParsedLine parse_json(std::string_view line, RefusalLine& refusal, RunLine& run) {
  ParsedLine result;
  // A line of ours is at most kMaximumRecordBytes long; no other program's nesting is followed.
  const Json object = Json::parse(line.begin(), line.end(), nullptr, false);
  if (!object.is_object()) return result;
  const std::int64_t schema = number_of(object, "schema", 0);
  const std::string kind = text_of(object, "kind");
  if (schema < 1 || kind.empty()) return result;
  result.other_version = schema != kRecordSchema;
  if (kind == "run") {
    take_run(object, run);
    result.kind = LineKind::kRun;
  } else {
    take_refusal(object, refusal);
    result.kind = LineKind::kRefusal;
  }
  return result;
}

int two_digits(std::string_view text, std::size_t at) {
  if (!is_ascii_digit(text[at]) || !is_ascii_digit(text[at + 1])) return -1;
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

}  // namespace

bool scan_line(std::string_view line, RefusalLine& refusal) {
  refusal.memory.clear();
  refusal.memory.reserve(line.size());
  return scan_fields(line, refusal);
}

ParsedLine parse_line(std::string_view line, RefusalLine& refusal, RunLine& run) {
  if (has_high_bytes(line) && find_invalid_utf8(line) != line.npos) {
    refusal.repaired = repaired(line);
    line = refusal.repaired;
  }
  if (scan_line(line, refusal)) return {LineKind::kRefusal, false};
  return parse_json(line, refusal, run);
}

std::string run_line(const RunLine& run) {
  char memory[kMaximumRecordBytes];
  Appender out(memory);
  const auto text = [&out](std::string_view key, std::string_view value, bool optional) {
    constexpr std::size_t kMaximumTextBytes = 768;
    out.add(",\"").add(key).add("\":");
    if (optional && value.empty()) {
      out.add("null");
      return;
    }
    out.add_byte('"');
    append_json_text(value, kMaximumTextBytes, out);
    out.add_byte('"');
  };
  const auto number = [&out](std::string_view key, std::int64_t value) {
    out.add(",\"").add(key).add("\":").add_signed(value);
  };
  out.add("{\"schema\":").add_number(kRecordSchema);
  text("time", run.ended, false);
  text("run", run.run, false);
  text("kind", "run", false);
  text("started", run.started, false);
  text("version", run.version, false);
  text("machine", run.machine, true);
  text("worker", run.worker, true);
  text("command", run.command, false);
  text("mode", run.mode, false);
  text("models_dir", run.models_dir, true);
  text("config", run.config, true);
  number("exit_code", run.exit_code);
  number("wall_ms", run.wall_ms);
  number("user_ms", run.user_ms);
  number("system_ms", run.system_ms);
  number("peak_memory_kib", run.peak_memory_kib);
  number("refusals", static_cast<std::int64_t>(run.refusals));
  number("violations", static_cast<std::int64_t>(run.violations));
  number("lost", static_cast<std::int64_t>(run.lost));
  out.add("}\n");
  return std::string(out.view());
}

std::string record_time(std::int64_t milliseconds) {
  char text[64];
  Appender out(text);
  append_time(static_cast<std::uint64_t>(milliseconds / 1000),
              static_cast<std::uint32_t>(milliseconds % 1000), out);
  return std::string(out.view());
}

std::int64_t milliseconds_of(std::string_view time) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd.dddZ";
  if (time.size() != kForm.size()) return -1;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == 'd' ? !is_ascii_digit(time[i]) : time[i] != kForm[i]) return -1;
  }
  std::int64_t year = two_digits(time, 0) * 100 + two_digits(time, 2);
  const int month = two_digits(time, 5);
  const int day = two_digits(time, 8);
  if (month < 1 || month > 12 || day < 1 || day > 31) return -1;
  // Howard Hinnant's days_from_civil.
  if (month <= 2) --year;
  const std::int64_t era = year / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  const std::int64_t days = era * 146097 + day_of_era - 719468;
  const std::int64_t seconds =
      days * 86400 + two_digits(time, 11) * 3600 + two_digits(time, 14) * 60 + two_digits(time, 17);
  return seconds * 1000 + (time[20] - '0') * 100 + two_digits(time, 21);
}

}  // namespace hfoffline::report
