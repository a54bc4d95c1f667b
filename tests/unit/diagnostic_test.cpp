#include "core/diagnostic.h"

#include <string>

#include "catch.h"
#include "core/source.h"
#include "core/utf8.h"

using namespace hfoffline;

namespace {

std::string rendered(const Diagnostic& diagnostic) {
  char array[4096];
  Appender out(array);
  append_diagnostic(diagnostic, out);
  REQUIRE_FALSE(out.overflowed());
  return std::string(out.view());
}

std::string printable(std::string_view text) {
  char array[1024];
  Appender out(array);
  append_printable(text, out);
  return std::string(out.view());
}

Diagnostic pointing(std::string_view text, std::size_t offset) {
  Diagnostic diagnostic;
  point_at(diagnostic, text, offset);
  return diagnostic;
}

// The character of the excerpt that the caret stands under.
std::string under_caret(const Diagnostic& diagnostic) {
  return std::string(diagnostic.excerpt).substr(diagnostic.caret - 1, 1);
}

}  // namespace

TEST_CASE("a hint ends its lines before the 81st column, between words") {
  const auto shown = [](const std::string& hint) {
    Diagnostic diagnostic;
    DiagnosticText(diagnostic.hint).add(hint);
    return rendered(diagnostic).substr(1);  // behind the message, which is empty
  };
  const std::string word(39, 'a');
  CHECK(shown("") == "");
  CHECK(shown(word + " " + word.substr(1)) == "  " + word + " " + word.substr(1) + "\n");
  CHECK(shown(word + " " + word) == "  " + word + "\n  " + word + "\n");
  CHECK(shown(std::string(90, 'b') + " c") == "  " + std::string(90, 'b') + "\n  c\n");
  CHECK(shown("two  blanks") == "  two  blanks\n");
  // Two columns each, in three bytes.
  std::string wide;
  for (int i = 0; i < 39; ++i) wide += "\u4e2d";
  CHECK(shown(wide + " c") == "  " + wide + "\n  c\n");
  CHECK(shown(wide.substr(3) + " c") == "  " + wide.substr(3) + " c\n");
}

TEST_CASE("sources name the place to change") {
  struct Row {
    Source source;
    std::string_view text;
  };
  const Row rows[] = {
      {{}, "default"},
      {{Source::Origin::kPreset, "transformers"}, "preset transformers"},
      {{Source::Origin::kFile, "/etc/hfoffline.toml", 12, 3}, "/etc/hfoffline.toml:12"},
      {{Source::Origin::kEnvironment, "HFOFFLINE_ALLOW"}, "HFOFFLINE_ALLOW"},
      {{Source::Origin::kFlag, "--allow"}, "--allow"},
  };
  for (const Row& row : rows) {
    char array[64];
    Appender out(array);
    append_source(row.source, out);
    CHECK(out.view() == row.text);
  }
}

TEST_CASE("a diagnostic in full") {
  Diagnostic diagnostic = pointing("[cache]\n\nmodel_dir = \"/mnt/models\"\n", 9);
  DiagnosticText(diagnostic.file).add("hfoffline.toml");
  DiagnosticText(diagnostic.message).add("unknown key ").add_quoted("model_dir").add(" in [cache]");
  DiagnosticText(diagnostic.hint).add("did you mean \"models_dir\"?");
  CHECK_FALSE(diagnostic.empty());
  CHECK(rendered(diagnostic) ==
        "hfoffline.toml:3:1: unknown key \"model_dir\" in [cache]\n"
        "  3 | model_dir = \"/mnt/models\"\n"
        "    | ^\n"
        "  did you mean \"models_dir\"?\n");
}

TEST_CASE("a diagnostic without a file, a line, an excerpt or a hint") {
  Diagnostic diagnostic;
  CHECK(diagnostic.empty());
  DiagnosticText(diagnostic.message).add("something is wrong");
  CHECK(rendered(diagnostic) == "something is wrong\n");
  DiagnosticText(diagnostic.file).add("a.toml");
  CHECK(rendered(diagnostic) == "a.toml: something is wrong\n");

  Diagnostic flag = pointing("10.0.0.1:99999", 9);
  flag.line = 0;
  DiagnosticText(flag.message).add("--allow: the port must be 1 to 65535");
  CHECK(rendered(flag) ==
        "--allow: the port must be 1 to 65535\n"
        "  | 10.0.0.1:99999\n"
        "  |          ^\n");
}

TEST_CASE("the caret line is as wide as the number of the line") {
  std::string text(122, '\n');
  text += "bad";
  Diagnostic diagnostic = pointing(text, text.size() - 1);
  DiagnosticText(diagnostic.message).add("m");
  DiagnosticText(diagnostic.file).add("f");
  CHECK(rendered(diagnostic) ==
        "f:123:3: m\n"
        "  123 | bad\n"
        "      |   ^\n");
}

TEST_CASE("lines and columns count from 1, in bytes") {
  const std::string_view text = "ab\ncd\r\n\n\xc3\xa9x";
  struct Row {
    std::size_t offset;
    std::uint32_t line;
    std::uint32_t column;
    std::string_view excerpt;
    std::uint32_t caret;
  };
  const Row rows[] = {
      {0, 1, 1, "ab", 1},         {2, 1, 3, "ab", 3},         {3, 2, 1, "cd", 1},
      {5, 2, 3, "cd", 3},         {6, 2, 4, "cd\\x0D", 7},    {7, 3, 1, "", 1},
      {8, 4, 1, "\xc3\xa9x", 1},  {10, 4, 3, "\xc3\xa9x", 3}, {11, 4, 4, "\xc3\xa9x", 4},
      {99, 4, 4, "\xc3\xa9x", 4},
  };
  for (const Row& row : rows) {
    CAPTURE(row.offset);
    const Diagnostic diagnostic = pointing(text, row.offset);
    CHECK(diagnostic.line == row.line);
    CHECK(diagnostic.column == row.column);
    CHECK(diagnostic.excerpt == row.excerpt);
    CHECK(diagnostic.caret == row.caret);
  }
}

TEST_CASE("the caret stays under its character after tabs, escapes and wide characters") {
  struct Row {
    std::string_view line;
    std::size_t offset;
    std::string_view picture;
  };
  const Row rows[] = {
      {"\t\tx", 2, "  1 |   x\n    |   ^\n"},
      {"a\x1b[0mX", 5, "  1 | a\\x1B[0mX\n    |         ^\n"},
      {"\xff\xfeX", 2, "  1 | \\xFF\\xFEX\n    |         ^\n"},
      {"\xc3\xa9X", 2, "  1 | \xc3\xa9X\n    |  ^\n"},
      {"\xe6\xa8\xa1X", 3, "  1 | \xe6\xa8\xa1X\n    |   ^\n"},  // two columns wide
      {"e\xcc\x81X", 3, "  1 | e\xcc\x81X\n    |  ^\n"},         // a combining accent
      {"\xe2\x80\xaeX", 3, "  1 | \\u202EX\n    |       ^\n"},   // right-to-left override
      {"\xf3\xa0\x81\x81X", 4, "  1 | \\U000E0041X\n    |           ^\n"},  // an invisible tag
  };
  for (const Row& row : rows) {
    Diagnostic diagnostic = pointing(row.line, row.offset);
    DiagnosticText(diagnostic.message).add("m");
    CHECK(rendered(diagnostic) == "m\n" + std::string(row.picture));
  }
}

TEST_CASE("long lines are cut around the caret") {
  std::string line(5000, '-');
  line[2500] = 'X';
  Diagnostic middle = pointing(line, 2500);
  CHECK(middle.column == 2501);
  CHECK(under_caret(middle) == "X");
  CHECK(std::string(middle.excerpt).substr(0, 4) == "...-");
  CHECK(std::string(middle.excerpt).substr(std::string(middle.excerpt).size() - 4) == "-...");
  CHECK(std::string(middle.excerpt).size() < 130);

  line[3] = 'Y';
  Diagnostic start = pointing(line, 3);
  CHECK(under_caret(start) == "Y");
  CHECK(std::string(start.excerpt).substr(0, 4) == "---Y");

  line[4999] = 'Z';
  Diagnostic end = pointing(line, 4999);
  CHECK(under_caret(end) == "Z");
  CHECK(std::string(end.excerpt).back() == 'Z');
  Diagnostic after = pointing(line, 5000);
  CHECK(after.caret == std::string(after.excerpt).size() + 1);
}

TEST_CASE("an excerpt never cuts a character or an escape, whatever the line is made of") {
  for (const std::string_view unit : {"a", "\xc3\xa9", "\xe6\xa8\xa1", "\xf0\x9f\xa4\x97", "\x01",
                                      "\xff", "\xe2\x80\xae", "\xf3\xa0\x81\x81"}) {
    std::string line;
    for (int i = 0; i < 300; ++i) line += unit;
    for (std::size_t offset = 0; offset <= line.size(); offset += 7) {
      const Diagnostic diagnostic = pointing(line, offset);
      const std::string_view excerpt = diagnostic.excerpt;
      REQUIRE(find_invalid_utf8(excerpt) == std::string_view::npos);
      REQUIRE(excerpt.size() < 140);
      REQUIRE(diagnostic.caret >= 1);
      REQUIRE(diagnostic.caret <= excerpt.size() + 1);
      // The caret stands where a character or an escape starts.
      const std::string_view rest = excerpt.substr(diagnostic.caret - 1);
      const std::string first = printable(unit);
      if (offset < line.size() - unit.size() && offset % unit.size() == 0) {
        REQUIRE(rest.substr(0, first.size()) == first);
      }
    }
  }
}

TEST_CASE("text from outside is made printable") {
  CHECK(printable("plain \"text\"") == "plain \"text\"");
  CHECK(printable({"a\0b", 3}) == "a\\x00b");
  CHECK(printable("\n\r\t\x7f") == "\\x0A\\x0D\\x09\\x7F");
  CHECK(printable("\xc2\x9b") == "\\u009B");
  CHECK(printable("\xc3\xa9") == "\xc3\xa9");
  CHECK(printable("\xc3") == "\\xC3");
  CHECK(printable("\xed\xa0\x80") == "\\xED\\xA0\\x80");
  CHECK(printable("\xef\xbb\xbf") == "\\uFEFF");
}

TEST_CASE("texts that do not fit are cut at a character and say so") {
  char array[16];
  DiagnosticText(array).add("0123456789abcde");
  CHECK(std::string(array) == "0123456789abcde");
  DiagnosticText(array).add("0123456789abcdef").add("more");
  CHECK(std::string(array) == "0123456789ab...");
  DiagnosticText(array).add("0123456789a\xc3\xa9\xc3\xa9\xc3\xa9");
  CHECK(std::string(array) == "0123456789a...");
  DiagnosticText(array).add("n = ").add_number(18446744073709551615U);
  CHECK(std::string(array) == "n = 18446744...");

  char large[256];
  DiagnosticText(large).add_quoted(std::string(80, 'x'));
  CHECK(std::string(large) == "\"" + std::string(80, 'x') + "\"");
  DiagnosticText(large).add_quoted(std::string(81, 'x'));
  CHECK(std::string(large) == "\"" + std::string(80, 'x') + "...\"");
  DiagnosticText(large).add_quoted("a\nb");
  CHECK(std::string(large) == "\"a\\x0Ab\"");
}
