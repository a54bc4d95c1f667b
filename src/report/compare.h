// Two reports side by side: what is new, gone, more frequent; what runs cost.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/output.h"
#include "report/report.h"

namespace hfoffline::report {

// Factors over the base; 1.2 lets something be a fifth more.
struct Thresholds {
  double frequency = 1.0;
  double wall = 1.2;
  double cpu = 1.2;
  double memory = 1.1;
};

enum class Change : std::uint8_t { kNew, kMoreFrequent, kLessFrequent, kGone };

// The same kind of request to the same target in the same test, over processes and functions.
struct Difference {
  Change change = Change::kNew;
  std::string kind;
  std::string where;
  std::string test;  // empty: none
  double base = 0;   // times per run
  double now = 0;
  bool is_regression = false;  // what is no violation, let through or not, is none
};

struct Cost {
  std::string what;       // "wall time", "CPU time", "peak memory"
  std::string job;        // worker and command
  std::int64_t base = 0;  // milliseconds or KiB: the median over the runs
  std::int64_t now = 0;
  bool is_memory = false;
  double threshold = 0;
  bool is_regression = false;
};

struct Comparison {
  std::vector<Difference> differences;  // regressions first, then by change
  std::uint64_t unchanged = 0;
  std::vector<Cost> costs;
  std::vector<std::string> remarks;
  std::uint64_t base_runs = 0;  // last attempts
  std::uint64_t now_runs = 0;
  bool has_regression() const;
};

// Only last attempts count. Differences in cost that are too small to mean anything (a quarter of a
// second, 8 MiB) are no regressions.
Comparison compare(const Report& base, const Report& now, const Thresholds& thresholds);

void render_comparison(const Comparison& comparison, std::size_t rows, bool colour, Output& out);

}  // namespace hfoffline::report
