// Lines of a descriptor, whatever it is: a file, a pipe, stdin.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hfoffline::report {

// Not for threads. The descriptor stays the caller's. Memory is bounded: of a line that is longer
// than kMaximumLineBytes only so much is kept, and the rest is skipped.
class LineReader {
 public:
  static constexpr std::size_t kMaximumLineBytes = 64 * 1024;

  explicit LineReader(int descriptor);

  // The next line without its newline; it lives until the next call. The last one may lack its
  // newline; it is returned all the same. False at the end, or if reading failed.
  bool next(std::string_view* line);

  int error() const { return error_; }                 // errno of the read that failed, or 0
  bool was_cut() const { return cut_; }                // the line was longer than is kept
  bool lacked_newline() const { return unfinished_; }  // the line was the last, and torn perhaps
  std::uint64_t bytes() const { return bytes_; }       // read so far

 private:
  bool fill();

  int descriptor_;
  std::vector<char> buffer_;
  std::size_t start_ = 0;  // of what has not been given out
  std::size_t end_ = 0;
  std::uint64_t bytes_ = 0;
  int error_ = 0;
  bool ended_ = false;
  bool cut_ = false;
  bool unfinished_ = false;
};

}  // namespace hfoffline::report
