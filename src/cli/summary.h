// What a run says at its end: pure functions from counts and record lines to text for 80 columns.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/record_reader.h"
#include "core/reasons.h"
#include "report/escape.h"

namespace hfoffline::cli {

inline constexpr std::size_t kKindCount = static_cast<std::size_t>(Kind::count);

struct RunTotals {
  std::array<std::uint64_t, kKindCount> refusals = {};  // exact, by kind
  std::uint64_t violations = 0;
  std::uint64_t lost_records = 0;
};

// The same target in the same test, over all processes and functions.
struct RefusalGroup {
  bool is_network = false;              // else: a write
  std::string where;                    // host:port, or path
  std::string test;                     // empty: none
  std::string reason;                   // code of reasons.def
  std::vector<std::string> programs;    // "python3 (812)"
  std::vector<std::string> operations;  // "connect ENETUNREACH"
  std::uint64_t count = 0;
};

// Violations grouped, largest first; ties in the order of the record. A process writes a line at
// the 1st, 2nd, 4th, 8th ... refusal of one kind, so a count is the number reached by then: at
// least that, less than twice that.
std::vector<RefusalGroup> group_refusals(const std::vector<RecordLine>& lines);

// The entries of [egress] allow that would have let through what audit mode recorded, sorted.
std::vector<std::string> allow_list_for(const std::vector<RecordLine>& lines);

struct SummaryInputs {
  RunTotals totals;
  RecordContents record;
  bool audit = false;
  bool audits_writes = false;
  bool refuses_unshimmed = false;  // [exec] unshimmed = "refuse"
  std::string models_dir;          // empty: none
  std::string_view layout;
  std::size_t variables_set = 0;
  std::size_t variables_removed = 0;
  std::vector<std::string> redirects;  // "/a to /b"
  std::string_view redirect_way = "read-only mount";
  std::string config_file;     // empty: none
  std::string record_file;     // empty: nobody asked for one
  std::string record_problem;  // why record_file could not be written, if so
  bool end_is_lost = false;    // it could not be written
  bool records_end = false;    // the line for the run's end is in the record
  std::string exit_reason;     // why the exit code is not the command's own, if so
  bool colour = false;
};

// Ends in a newline. One line if nothing was refused and nothing went wrong.
std::string render_summary(const SummaryInputs& inputs);

using report::shorten;

}  // namespace hfoffline::cli
