#include "core/utf8.h"

#include "core/text.h"

namespace hfoffline {

std::size_t utf8_sequence(std::string_view text, char32_t* code_point) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) {
    *code_point = first;
    return 1;
  }
  std::size_t length = 0;
  char32_t value = 0;
  char32_t minimum = 0;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
    value = first & 0x1f;
    minimum = 0x80;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    value = first & 0x0f;
    minimum = 0x800;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    value = first & 0x07;
    minimum = 0x10000;
  } else {
    return 0;
  }
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) return 0;
    value = value << 6 | (byte & 0x3f);
  }
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < minimum || value > 0x10ffff || surrogate) return 0;
  *code_point = value;
  return length;
}

std::size_t find_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    char32_t code_point = 0;
    const std::size_t length = utf8_sequence(slice(text, i), &code_point);
    if (length == 0) return i;
    i += length;
  }
  return std::string_view::npos;
}

std::size_t encode_utf8(char32_t code_point, char (&bytes)[4]) {
  if (code_point < 0x80) {
    bytes[0] = static_cast<char>(code_point);
    return 1;
  }
  const std::size_t length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
  for (std::size_t i = length - 1; i > 0; --i) {
    bytes[i] = static_cast<char>(0x80 | (code_point & 0x3f));
    code_point >>= 6;
  }
  const unsigned lead = length == 2 ? 0xc0 : length == 3 ? 0xe0 : 0xf0;
  bytes[0] = static_cast<char>(lead | code_point);
  return length;
}

}  // namespace hfoffline
