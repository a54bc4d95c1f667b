#include "core/utf8.h"

#include <string>

#include "catch.h"

using namespace hfoffline;

TEST_CASE("well-formed UTF-8 is decoded") {
  struct Row {
    std::string_view bytes;
    char32_t code_point;
  };
  const Row rows[] = {
      {"a", 'a'},
      {{"\0", 1}, 0},
      {"\x7f", 0x7f},
      {"\xc2\x80", 0x80},
      {"\xdf\xbf", 0x7ff},
      {"\xe0\xa0\x80", 0x800},
      {"\xed\x9f\xbf", 0xd7ff},
      {"\xee\x80\x80", 0xe000},
      {"\xef\xbf\xbf", 0xffff},
      {"\xf0\x90\x80\x80", 0x10000},
      {"\xf4\x8f\xbf\xbf", 0x10ffff},
  };
  for (const Row& row : rows) {
    char32_t code_point = 1;
    const std::string followed = std::string(row.bytes) + "\x80z";
    CHECK(utf8_sequence(followed, &code_point) == row.bytes.size());
    CHECK(code_point == row.code_point);
    CHECK(find_invalid_utf8(row.bytes) == std::string_view::npos);
    char encoded[4];
    const std::size_t length = encode_utf8(row.code_point, encoded);
    CHECK(std::string_view(encoded, length) == row.bytes);
  }
}

TEST_CASE("overlong forms, surrogates, stray and missing bytes are not UTF-8") {
  const std::string_view rows[] = {
      "\x80",              // a continuation byte alone
      "\xbf",              //
      "\xc0\x80",          // overlong NUL
      "\xc1\xbf",          // overlong
      "\xc2",              // cut
      "\xc2\x41",          // no continuation
      "\xe0\x80\x80",      // overlong
      "\xe0\x9f\xbf",      // overlong
      "\xe2\x82",          // cut
      "\xed\xa0\x80",      // the first surrogate
      "\xed\xbf\xbf",      // the last surrogate
      "\xf0\x80\x80\x80",  // overlong
      "\xf0\x8f\xbf\xbf",  // overlong
      "\xf4\x90\x80\x80",  // over U+10FFFF
      "\xf5\x80\x80\x80",  // over U+10FFFF
      "\xf8\x88\x80\x80\x80",
      "\xfe",
      "\xff",
  };
  for (const std::string_view bytes : rows) {
    char32_t code_point = 0;
    CHECK(utf8_sequence(bytes, &code_point) == 0);
    const std::string text = "ab\xc3\xa9" + std::string(bytes);
    CHECK(find_invalid_utf8(text) == 4);
  }
  char32_t code_point = 0;
  CHECK(utf8_sequence("", &code_point) == 0);
}
