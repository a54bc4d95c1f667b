#include "report/line_reader.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace hfoffline::report {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

}  // namespace

LineReader::LineReader(int descriptor) : descriptor_(descriptor), buffer_(kBufferBytes) {}

// Moves what is left to the front and reads behind it.
bool LineReader::fill() {
  if (ended_) return false;
  if (start_ != 0) {
    std::memmove(buffer_.data(), buffer_.data() + start_, end_ - start_);
    end_ -= start_;
    start_ = 0;
  }
  for (;;) {
    const ssize_t count = read(descriptor_, buffer_.data() + end_, buffer_.size() - end_);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      error_ = count < 0 ? errno : 0;
      ended_ = true;
      return false;
    }
    end_ += static_cast<std::size_t>(count);
    bytes_ += static_cast<std::uint64_t>(count);
    return true;
  }
}

bool LineReader::next(std::string_view* line) {
  cut_ = false;
  unfinished_ = false;
  std::size_t searched = 0;
  for (;;) {
    const char* from = buffer_.data() + start_ + searched;
    const void* found = std::memchr(from, '\n', end_ - start_ - searched);
    if (found != nullptr) {
      const auto size =
          static_cast<std::size_t>(static_cast<const char*>(found) - (buffer_.data() + start_));
      *line = {buffer_.data() + start_, cut_ ? 0 : size};
      cut_ = cut_ || size > kMaximumLineBytes;
      start_ += size + 1;
      return true;
    }
    searched = end_ - start_;
    // Longer than any line: its start says that it is none of ours, and the rest is not needed.
    if (searched > kMaximumLineBytes) {
      cut_ = true;
      start_ = end_;
      searched = 0;
    }
    if (!fill()) break;
  }
  *line = {buffer_.data() + start_, cut_ ? 0 : end_ - start_};
  const bool any = cut_ || end_ != start_;
  start_ = end_;
  unfinished_ = any;
  return any && error_ == 0;
}

}  // namespace hfoffline::report
