// One refusal as one line of JSON. The schema is docs/record.schema.json; kRecordSchema changes
// with it.
//
// Pure: the caller collects the facts and writes the line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/reasons.h"
#include "core/text.h"

namespace hfoffline {

inline constexpr int kRecordSchema = 1;
// A line never exceeds this; texts are cut (and end in "...") so that it stays valid JSON.
inline constexpr std::size_t kMaximumRecordBytes = 8192;

struct Record {
  std::uint64_t time_seconds = 0;  // since the epoch, UTC
  std::uint32_t time_milliseconds = 0;
  std::string_view run;
  std::int64_t pid = 0;
  std::int64_t ppid = 0;
  std::int64_t tid = 0;
  std::string_view exe;
  std::string_view argv0;
  std::string_view test;  // empty: null
  Reason reason = Reason::none;
  std::string_view operation;   // the function or system call: "connect", "openat"
  std::string_view target;      // path, address:port, name, variable or program
  std::string_view host;        // name if known, else the address; empty: null
  std::int32_t port = -1;       // -1: null
  int error = 0;                // errno; 0: null
  std::string_view error_text;  // for what is not an errno: "EAI_NONAME", "HOST_NOT_FOUND"
  std::string_view verdict;  // "refuse", "audit", "ignore" (environment), "warn" and "allow" (exec)
  std::string_view rule;
  std::uint64_t count = 1;  // how often this process did this to this target in this test, so far
};

// Appends the line with its newline. Bytes that are not UTF-8 become U+FFFD.
void append_record(const Record& record, Appender& out);

// "2026-11-20T18:49:01.123Z"
void append_time(std::uint64_t seconds, std::uint32_t milliseconds, Appender& out);
// Appends `text` as the inside of a JSON string: escaped, valid UTF-8, and at most `maximum` (9 or
// more) bytes of output; a text that could be longer is cut and ends in "...".
void append_json_text(std::string_view text, std::size_t maximum, Appender& out);

}  // namespace hfoffline
