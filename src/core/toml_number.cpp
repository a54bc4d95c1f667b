#include "core/toml_number.h"

#include "core/text.h"

namespace hfoffline {
namespace {

// The value of a digit of the base, or -1.
int digit_value(char c, int base) {
  const char lower = ascii_lower(c);
  int value = -1;
  if (is_ascii_digit(c)) value = c - '0';
  if (lower >= 'a' && lower <= 'f') value = lower - 'a' + 10;
  return value < base ? value : -1;
}

bool is_sign(char c) { return c == '+' || c == '-'; }

}  // namespace

bool parse_toml_integer(std::string_view text, std::int64_t* value, std::string_view* why) {
  *why = {};
  std::string_view digits = text;
  bool negative = false;
  const bool has_sign = !digits.empty() && is_sign(digits[0]);
  if (has_sign) {
    negative = digits[0] == '-';
    digits = slice(digits, 1);
  }
  if (digits.empty() || !is_ascii_digit(digits[0])) return false;

  int base = 10;
  if (digits[0] == '0' && digits.size() > 1) {
    const char prefix = digits[1];
    if (prefix == 'x' || prefix == 'o' || prefix == 'b') {
      base = prefix == 'x' ? 16 : prefix == 'o' ? 8 : 2;
      digits = slice(digits, 2);
    }
  }
  // Anything else in it, and it is not an integer but a date, a float or a text.
  for (const char c : digits) {
    if (c != '_' && digit_value(c, base) < 0) return false;
  }
  if (base != 10 && has_sign) {
    *why = "a number in hexadecimal, octal or binary has no sign";
    return false;
  }
  if (digits.empty()) {
    *why = "the number has no digits";
    return false;
  }
  if (base == 10 && digits.size() > 1 && digits[0] == '0') {
    *why = "a number does not start with a zero";
    return false;
  }
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (digits[i] != '_') continue;
    if (i == 0 || i + 1 == digits.size() || digits[i - 1] == '_') {
      *why = "an underscore in a number stands between two digits";
      return false;
    }
  }
  const std::uint64_t maximum = negative ? std::uint64_t{1} << 63 : INT64_MAX;
  std::uint64_t result = 0;
  for (const char c : digits) {
    if (c == '_') continue;
    const auto digit = static_cast<std::uint64_t>(digit_value(c, base));
    const auto radix = static_cast<std::uint64_t>(base);
    if (result > (maximum - digit) / radix) {
      *why = "the number does not fit into 64 bits";
      return false;
    }
    result = result * radix + digit;
  }
  *value = static_cast<std::int64_t>(negative ? 0 - result : result);
  return true;
}

std::string_view name_other_number(std::string_view text) {
  const std::string_view unsigned_text = !text.empty() && is_sign(text[0]) ? slice(text, 1) : text;
  if (unsigned_text == "inf" || unsigned_text == "nan") return "a float";
  if (unsigned_text.empty() || !is_ascii_digit(unsigned_text[0])) return {};
  bool dots = false;
  for (std::size_t i = 0; i < unsigned_text.size(); ++i) {
    const char c = unsigned_text[i];
    if ((c == '-' && i == 4) || (c == ':' && i == 2)) return "a date or time";
    const bool exponent_sign = is_sign(c) && ascii_lower(unsigned_text[i - 1]) == 'e';
    if (c == '.' && dots) return {};
    dots = dots || c == '.';
    if (!is_ascii_digit(c) && c != '_' && c != '.' && ascii_lower(c) != 'e' && !exponent_sign) {
      return {};
    }
  }
  return "a float";
}

}  // namespace hfoffline
