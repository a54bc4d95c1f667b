#include "core/text.h"

namespace hfoffline {

Appender& Appender::add_number(std::uint64_t value, int base, int minimum_digits) {
  char digits[64];
  int count = 0;
  const auto divisor = static_cast<std::uint64_t>(base);
  while (value != 0 || count < minimum_digits) {
    digits[count++] = "0123456789abcdef"[value % divisor];
    value /= divisor;
  }
  while (count > 0) add_byte(digits[--count]);
  return *this;
}

Appender& Appender::add_signed(std::int64_t value) {
  if (value < 0) {
    add_byte('-');
    return add_number(0 - static_cast<std::uint64_t>(value));
  }
  return add_number(static_cast<std::uint64_t>(value));
}

}  // namespace hfoffline
