// One line of a record as values (docs/record.schema.json).
//
// Lines as the shim writes them are scanned by hand, in the order of their fields: a record may
// have millions. Whatever else is JSON (another version, another order, blanks) goes through
// nlohmann-json, and what is neither is damaged: torn, or not ours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hfoffline::report {

// One refusal. Texts point into the line or into this object, and live until the next line is
// read into it. Texts are UTF-8; what was not is U+FFFD.
struct RefusalLine {
  std::string_view time;  // "2026-11-20T18:49:01.123Z"
  std::string_view run;
  std::string_view exe;
  std::string_view argv0;
  std::string_view test;  // empty: null
  std::string_view kind;
  std::string_view operation;
  std::string_view target;
  std::string_view host;   // empty: null
  std::string_view error;  // empty: null
  std::string_view verdict;
  std::string_view reason;
  std::string_view rule;
  std::int64_t pid = 0;
  std::int32_t port = -1;  // -1: null
  std::uint64_t count = 1;

  std::string memory;    // for texts with escapes
  std::string repaired;  // the line, where it was not UTF-8
};

// What the launcher writes when a run ends.
struct RunLine {
  std::string run;
  std::string version;  // of hfoffline
  std::string started;  // times as in RefusalLine
  std::string ended;
  std::string machine;  // host name
  std::string worker;   // empty: none was named
  std::string command;
  std::string mode;        // refuse, audit
  std::string models_dir;  // empty: none
  std::string config;      // empty: no config file
  std::int64_t exit_code = 0;
  std::int64_t wall_ms = 0;
  std::int64_t user_ms = 0;
  std::int64_t system_ms = 0;
  std::int64_t peak_memory_kib = 0;  // of the largest process
  std::uint64_t refusals = 0;        // exact, all kinds
  std::uint64_t violations = 0;
  std::uint64_t lost = 0;  // lines that could not be written
};

enum class LineKind { kRefusal, kRun, kDamaged };

struct ParsedLine {
  LineKind kind = LineKind::kDamaged;
  bool other_version = false;  // a schema that is not ours; known fields are taken
};

// `line` without its newline. Fills `refusal` or `run`.
ParsedLine parse_line(std::string_view line, RefusalLine& refusal, RunLine& run);

// True if the line is as append_record writes it; then it was scanned by hand.
bool scan_line(std::string_view line, RefusalLine& refusal);

// The line that parse_line reads as the same run, with its newline. At most kMaximumRecordBytes.
std::string run_line(const RunLine& run);

// "2026-11-20T18:49:01.123Z" of milliseconds since the epoch.
std::string record_time(std::int64_t milliseconds);
// Milliseconds since the epoch, or -1.
std::int64_t milliseconds_of(std::string_view time);

}  // namespace hfoffline::report
