// From the counts in lines to how often something happened since the line before.
//
// A process writes a line for the 1st, 2nd, 4th, 8th ... time and one when it ends, with the number
// reached by then. So a line's share can be told from its own count, except behind a line that is
// no power of two: those few are remembered, in a table of fixed size. Where two of them fall on
// the same place, the older is forgotten, and what its process goes on to do may be counted up to
// twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hfoffline::report {

class RunningCounts {
 public:
  RunningCounts() : entries_(kEntries) {}

  // `key`: a hash of run, process, operation, target and test. `count`: 1 or more.
  std::uint64_t increment(std::uint64_t key, std::uint64_t count) {
    Entry& entry = entries_[(key ^ key >> 32) % kEntries];
    if (count <= 2) {
      // It starts: what is remembered is of an earlier process with the same pid.
      if (entry.key == key) entry = {};
      return 1;
    }
    const bool is_power = (count & (count - 1)) == 0;
    const std::uint64_t before = is_power ? count / 2 : highest_power_below(count);
    std::uint64_t last = before;
    if (entry.key == key && entry.last >= before && entry.last < count) last = entry.last;
    if (!is_power) entry = {key, count};
    return count - last;
  }

 private:
  struct Entry {
    std::uint64_t key = 0;
    std::uint64_t last = 0;
  };
  static constexpr std::size_t kEntries = 1 << 20;  // 16 MiB

  static std::uint64_t highest_power_below(std::uint64_t count) {
    return std::uint64_t{1} << (63 - __builtin_clzll(count));
  }

  std::vector<Entry> entries_;
};

}  // namespace hfoffline::report
