// Where a format writes to: in pieces, so that nothing has to fit into memory as a whole.
#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <string_view>

namespace hfoffline::report {

class Output {
 public:
  // Gets each piece; false if it cannot be written, after which nothing more is tried.
  using Sink = std::function<bool(std::string_view)>;

  explicit Output(Sink sink) : sink_(std::move(sink)) {}
  ~Output() { flush(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  Output& operator<<(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= kPiece) flush();
    return *this;
  }
  Output& operator<<(std::integral auto number) { return *this << std::to_string(number); }

  // True if everything could be written.
  bool flush() {
    if (good_ && !buffer_.empty()) good_ = sink_(buffer_);
    buffer_.clear();
    return good_;
  }

 private:
  static constexpr std::size_t kPiece = 64 * 1024;

  Sink sink_;
  std::string buffer_;
  bool good_ = true;
};

}  // namespace hfoffline::report
