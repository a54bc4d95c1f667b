// The file a run's records go to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hfoffline::cli {

struct RecordFile {
  std::string path;  // what the policy names: the file asked for, or the one in the run directory
  std::uint64_t from = 0;  // where this run's lines start
  std::string
      problem;  // why the file that was asked for cannot be written; then `path` is the other one
};

// Sees whether lines can be appended to `wanted` (empty: nobody asked), makes it if it is missing,
// and ends a torn last line of an earlier run.
RecordFile prepare_record_file(const std::string& wanted, const std::string& otherwise);

// Appends one line with one write(2). False if it could not be written whole.
bool append_line(const std::string& path, std::string_view line);

}  // namespace hfoffline::cli
