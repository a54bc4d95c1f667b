#include "core/toml_string.h"

#include "core/text.h"
#include "core/utf8.h"

namespace hfoffline {
namespace {

constexpr std::size_t kMaximumClosingQuotes = 5;  // two of them content, then the closing three

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

// Blanks that are text to TOML, but blanks to some readers of it.
bool is_unicode_blank(char32_t c) {
  return c == 0xa0 || c == 0x1680 || c == 0x180e || (c >= 0x2000 && c <= 0x200b) || c == 0x2028 ||
         c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x2060 || c == 0x3000 || c == 0xfeff ||
         c == 0x85;
}

}  // namespace

TomlString::TomlString(std::string_view document, std::size_t start, bool is_key)
    : document_(document), start_(start), at_(start + 1), quote_(document[start]) {
  if (!is_key && peek(start + 1) == quote_ && peek(start + 2) == quote_) {
    multi_line_ = true;
    at_ = start + 3;
    if (is_newline(at_)) at_ += peek(at_) == '\r' ? 2 : 1;
  }
  content_start_ = at_;
}

bool TomlString::is_newline(std::size_t at) const {
  return peek(at) == '\n' || (peek(at) == '\r' && peek(at + 1) == '\n');
}

TomlString::Step TomlString::fail(std::size_t offset, std::string_view mistake,
                                  std::string_view hint) {
  offset_ = offset;
  mistake_ = mistake;
  hint_ = hint;
  return Step::kMistake;
}

TomlString::Step TomlString::emit(char byte) {
  bytes_[0] = byte;
  size_ = 1;
  return Step::kBytes;
}

TomlString::Step TomlString::next() {
  if (quote_ == '"' && multi_line_) {
    bool skipped = false;
    while (peek(at_) == '\\' && skip_escaped_newline()) skipped = true;
    char32_t code_point = 0;
    if (skipped && utf8_sequence(slice(document_, at_), &code_point) > 1 &&
        is_unicode_blank(code_point)) {
      return fail(at_,
                  "some TOML readers skip this blank after \\ and a line end, and others keep it",
                  "remove it, or write it as an escape such as \\u00A0");
    }
  }
  offset_ = at_;
  if (at_ >= document_.size()) {
    return fail(start_, "the string is not closed",
                multi_line_ ? "close it with the same three quotes"
                            : "close it with the same quote on the same line");
  }
  const char c = document_[at_];
  if (c == quote_) return next_quote();
  if (c == '\\' && quote_ == '"') return next_escape();
  return next_byte();
}

TomlString::Step TomlString::next_byte() {
  const char c = document_[at_];
  if (is_newline(at_)) {
    if (!multi_line_) {
      return fail(start_, "the string is not closed",
                  "close it with the same quote on the same line");
    }
    // TOML lets every reader choose whether this is "\n" or "\r\n"; here a text has one meaning
    // only.
    if (c == '\r') {
      return fail(
          at_, "a line end of CR and LF inside a string means different text to different readers",
          "save the file with LF line ends, or write \\n in \"...\"");
    }
  } else if (c == '\r') {
    return fail(at_, "a carriage return without a line feed is not allowed",
                "write \\r in \"...\", or save the file with LF line ends");
  } else if (is_control(c)) {
    return fail(at_, "a control character is not allowed in a string",
                "write it as an escape such as \\u001B in \"...\"");
  }
  ++at_;
  return emit(c);
}

TomlString::Step TomlString::next_quote() {
  const char c = quote_;
  if (!multi_line_) {
    ++at_;
    return Step::kEnd;
  }
  if (closing_ == std::string_view::npos) {
    std::size_t count = 0;
    while (count < kMaximumClosingQuotes && peek(at_ + count) == c) ++count;
    if (count >= 3) closing_ = at_ + count - 3;
  }
  if (at_ == closing_) {
    at_ += 3;
    return Step::kEnd;
  }
  ++at_;
  return emit(c);
}

// At a backslash: skips it if it ends its line, with all the white space that follows.
bool TomlString::skip_escaped_newline() {
  std::size_t at = at_ + 1;
  while (peek(at) == ' ' || peek(at) == '\t') ++at;
  if (!is_newline(at)) return false;
  for (;;) {
    if (peek(at) == ' ' || peek(at) == '\t' || peek(at) == '\n') {
      ++at;
    } else if (is_newline(at)) {
      at += 2;
    } else {
      break;
    }
  }
  at_ = at;
  return true;
}

TomlString::Step TomlString::next_escape() {
  char decoded = '\0';
  switch (peek(at_ + 1)) {
    case 'b':
      decoded = '\b';
      break;
    case 't':
      decoded = '\t';
      break;
    case 'n':
      decoded = '\n';
      break;
    case 'f':
      decoded = '\f';
      break;
    case 'r':
      decoded = '\r';
      break;
    case '"':
      decoded = '"';
      break;
    case '\\':
      decoded = '\\';
      break;
    case 'u':
      return next_code_point_escape(4);
    case 'U':
      return next_code_point_escape(8);
    default:
      return fail(at_, "TOML has no such escape",
                  "write \\\\ for a backslash, or use 'single quotes', which know no escapes");
  }
  at_ += 2;
  return emit(decoded);
}

TomlString::Step TomlString::next_code_point_escape(std::size_t digits) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = ascii_lower(peek(at_ + 2 + i));
    if (is_ascii_digit(c)) {
      value = value << 4 | static_cast<std::uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value = value << 4 | static_cast<std::uint64_t>(c - 'a' + 10);
    } else {
      return fail(
          at_,
          digits == 4 ? "\\u needs four hexadecimal digits" : "\\U needs eight hexadecimal digits",
          "write \\\\ for a backslash, or use 'single quotes', which know no escapes");
    }
  }
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
    return fail(at_, "the escape stands for no Unicode character",
                "characters are U+0000 to U+D7FF and U+E000 to U+10FFFF");
  }
  at_ += 2 + digits;
  size_ = encode_utf8(static_cast<char32_t>(value), bytes_);
  return Step::kBytes;
}

}  // namespace hfoffline
