// Text without a heap: slices of std::string_view that cannot throw, and a fixed-size appender.
//
// Everything here is pure, reentrant and async-signal-safe. std::string_view is used freely, except
// for substr() and at(), which pull the throwing half of libstdc++ into the shim: use slice().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hfoffline {

// The part of `text` that starts at `from` (clamped) and has at most `count` bytes.
constexpr std::string_view slice(std::string_view text, std::size_t from,
                                 std::size_t count = std::string_view::npos) {
  if (from > text.size()) from = text.size();
  const std::size_t rest = text.size() - from;
  return {text.data() + from, count < rest ? count : rest};
}

constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }

constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
  }
  return true;
}

// Position of the first `wanted` in `text`, or npos.
constexpr std::size_t find_byte(std::string_view text, char wanted, std::size_t from = 0) {
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == wanted) return i;
  }
  return std::string_view::npos;
}

constexpr std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Parses a decimal number with no sign, no blanks and no overflow over `maximum`.
constexpr bool parse_decimal(std::string_view text, std::uint64_t maximum, std::uint64_t* value) {
  if (text.empty()) return false;
  std::uint64_t result = 0;
  for (const char c : text) {
    if (!is_ascii_digit(c)) return false;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (result > (maximum - digit) / 10) return false;
    result = result * 10 + digit;
  }
  *value = result;
  return true;
}

// Appends to a caller-owned array. What does not fit is dropped and overflowed() stays true.
class Appender {
 public:
  Appender(char* data, std::size_t capacity) : data_(data), capacity_(capacity) {}
  template <std::size_t N>
  explicit Appender(char (&array)[N]) : Appender(array, N) {}

  Appender& add(std::string_view text) {
    for (const char c : text) add_byte(c);
    return *this;
  }
  Appender& add_byte(char c) {
    if (size_ < capacity_) {
      data_[size_++] = c;
    } else {
      overflowed_ = true;
    }
    return *this;
  }
  Appender& add_number(std::uint64_t value, int base = 10, int minimum_digits = 1);
  Appender& add_signed(std::int64_t value);

  std::string_view view() const { return {data_, size_}; }
  std::size_t size() const { return size_; }
  std::size_t room() const { return capacity_ - size_; }
  bool overflowed() const { return overflowed_; }
  void truncate(std::size_t size) {
    if (size < size_) size_ = size;
  }
  // NUL-terminates in place (the last byte is given up when the array is full).
  const char* c_str() {
    if (size_ == capacity_) --size_;
    data_[size_] = '\0';
    return data_;
  }

 private:
  char* data_;
  std::size_t capacity_;
  std::size_t size_ = 0;
  bool overflowed_ = false;
};

}  // namespace hfoffline
