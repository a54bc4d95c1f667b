// Reads record lines back (docs/record.schema.json).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hfoffline::cli {

struct RecordLine {
  std::string kind;  // egress, name, write, probe, environment, exec
  std::string operation;
  std::string target;
  std::string host;     // empty: null
  int port = -1;        // -1: null
  std::string test;     // empty: null
  std::string program;  // the last component of exe
  std::string error;
  std::string verdict;
  std::string reason;
  std::string rule;
  std::int64_t pid = 0;
  std::uint64_t count = 0;
};

struct RecordContents {
  std::vector<RecordLine> lines;  // of the run asked for, in file order
  std::uint64_t damaged = 0;      // lines behind `from` that are no JSON objects: torn, or not ours
  bool readable = false;          // a regular file that could be read
};

// Reads `path` from the byte offset `from` on and keeps the lines of `run` (all runs if empty).
// Lines of other schema versions are counted as damaged.
RecordContents read_record(const std::string& path, std::uint64_t from, const std::string& run);

}  // namespace hfoffline::cli
