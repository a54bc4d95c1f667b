#include "core/text.h"

#include "catch.h"

using namespace hfoffline;

TEST_CASE("slice clamps instead of throwing") {
  CHECK(slice("abc", 1) == "bc");
  CHECK(slice("abc", 1, 1) == "b");
  CHECK(slice("abc", 9).empty());
  CHECK(slice("abc", 2, 99) == "c");
}

TEST_CASE("parse_decimal takes digits only, up to the maximum") {
  std::uint64_t value = 7;
  CHECK(parse_decimal("65535", 65535, &value));
  CHECK(value == 65535);
  CHECK_FALSE(parse_decimal("65536", 65535, &value));
  CHECK_FALSE(parse_decimal("", 65535, &value));
  CHECK_FALSE(parse_decimal("+1", 65535, &value));
  CHECK_FALSE(parse_decimal("1 ", 65535, &value));
  CHECK(parse_decimal("18446744073709551615", UINT64_MAX, &value));
  CHECK(value == UINT64_MAX);
  CHECK_FALSE(parse_decimal("18446744073709551616", UINT64_MAX, &value));
}

TEST_CASE("an appender drops what does not fit and says so") {
  char array[8];
  Appender out(array);
  out.add("abc").add_number(42).add_signed(-7);
  CHECK(out.view() == "abc42-7");
  CHECK_FALSE(out.overflowed());
  out.add("xyz");
  CHECK(out.view() == "abc42-7x");
  CHECK(out.overflowed());
  CHECK(std::string_view(out.c_str()) == "abc42-7");
}

TEST_CASE("numbers are padded to a minimum of digits") {
  char array[32];
  Appender out(array);
  out.add_number(7, 10, 3).add_byte(' ').add_number(0).add_byte(' ').add_number(255, 16, 4);
  CHECK(out.view() == "007 0 00ff");
}
