// What records say, added up: one finding for each thing that was done to one target in one test by
// one process, and the runs. Memory is bounded however long the records are; what goes over a bound
// is counted, and said.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "report/record_line.h"
#include "report/running_counts.h"
#include "report/texts.h"

namespace hfoffline::report {

// Bounds. A text is at most 768 bytes, since the shim cuts it there.
inline constexpr std::size_t kMaximumFindings = 150'000;
inline constexpr std::size_t kMaximumTextBytes = 96 << 20;
inline constexpr std::size_t kMaximumRuns = 20'000;

// Where a report shows a finding.
enum class Section : std::uint8_t {
  kNetwork,     // connections and lookups that were refused
  kWrites,      // refused writes below protected trees
  kStarts,      // programs that were not started
  kLetThrough,  // audit mode: would have been refused
  kUncounted,   // no violations: probes, changes to managed variables, unshimmed programs
  kCount,
};
inline constexpr std::size_t kSectionCount = static_cast<std::size_t>(Section::kCount);
std::string_view section_title(Section section);

struct Finding {
  std::uint32_t run = 0;  // index into runs
  TextId kind = kNoText;
  TextId reason = kNoText;
  TextId verdict = kNoText;
  TextId operation = kNoText;
  TextId error = kNoText;  // empty: none
  TextId target = kNoText;
  TextId host = kNoText;  // empty: none
  TextId test = kNoText;  // empty: none
  TextId exe = kNoText;   // argv0 where /proc did not say
  TextId rule = kNoText;
  std::int32_t port = -1;
  std::int64_t pid = 0;  // 0: of more than one process, since there were too many findings
  std::uint64_t count = 0;
  std::int64_t first_ms = -1;  // since the epoch; -1: not known
  std::int64_t last_ms = -1;
};

struct Run {
  std::string name;
  bool ended = false;  // there is a line for its end, and `line` holds it
  RunLine line;
  std::uint64_t records = 0;
  std::int64_t first_ms = -1;
  std::int64_t last_ms = -1;
  // Runs of the same command by the same named worker, one after the other, are attempts.
  std::uint32_t attempt = 1;
  std::uint32_t attempts = 1;
  bool repeated = false;  // its end is in the records more than once: they were given twice
  bool is_last_attempt() const { return attempt == attempts; }
};

// Records over time, in at most kBars bars of equal width.
class Timeline {
 public:
  static constexpr std::size_t kBars = 120;
  using Bar = std::array<std::uint64_t, kSectionCount>;

  void add(std::int64_t time_ms, Section section, std::uint64_t count);
  std::int64_t width_ms() const { return width_; }
  // From the first bar to the last, those without anything too. Each starts at a multiple of
  // width_ms().
  const std::map<std::int64_t, Bar>& bars() const { return bars_; }

 private:
  std::int64_t width_ = 10;
  std::map<std::int64_t, Bar> bars_;  // by time / width
};

struct Inputs {
  std::vector<std::string> names;    // as given
  std::uint64_t lines = 0;           // that are no empty ones
  std::uint64_t damaged = 0;         // no JSON, or not of a record
  std::uint64_t torn = 0;            // of those, last lines without their newline
  std::uint64_t other_versions = 0;  // of another schema; read as far as it is known
  std::uint64_t before_since = 0;    // left out by --since
};

struct Report {
  Report() : texts(kMaximumTextBytes) {}

  Texts texts;
  std::vector<Finding> findings;  // most frequent first
  std::vector<Run> runs;          // in the order of their first lines
  Timeline timeline;
  Inputs inputs;
  std::array<std::uint64_t, kSectionCount> totals = {};  // by section
  std::uint64_t violations = 0;                          // of all attempts
  std::uint64_t last_violations = 0;                     // of last attempts only
  std::uint64_t unlisted = 0;         // counted in totals, but in no finding: there were too many
  bool processes_are_merged = false;  // some findings have no pid for the same reason
  std::uint64_t lost = 0;             // lines that runs could not write

  std::string_view text(TextId id) const { return texts[id]; }
  Section section(const Finding& finding) const;
  bool is_violation(const Finding& finding) const;
};

bool is_violation(std::string_view reason, std::string_view verdict);
Section section_of(std::string_view kind, std::string_view verdict);

// Adds lines up. Not for threads.
class ReportBuilder {
 public:
  // Lines before `since` ("" or a time as in the lines) are left out.
  explicit ReportBuilder(std::string since = "");

  void add_line(std::string_view line, bool is_torn);
  void add_damaged();  // a line that is too long to be one
  void add_input(std::string name) { report_.inputs.names.push_back(std::move(name)); }
  const Inputs& inputs() const { return report_.inputs; }  // so far

  // Ends the adding.
  Report& finish();

 private:
  struct Key {
    std::array<std::uint32_t, 12> values;
    std::int64_t pid;
    bool operator==(const Key& other) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };

  void add_refusal(const RefusalLine& line);
  void add_run(const RunLine& line);
  std::uint32_t run_index(std::string_view name);
  Finding* find(const RefusalLine& line, std::uint32_t run);
  void find_attempts();

  std::string since_;
  Report report_;
  RunningCounts counts_;
  RefusalLine refusal_;
  RunLine run_;
  absl::flat_hash_map<Key, std::uint32_t, KeyHash> index_;
  absl::flat_hash_map<std::string, std::uint32_t> run_index_;
  std::uint32_t last_run_ = 0;  // lines of one run mostly follow each other
};

}  // namespace hfoffline::report
