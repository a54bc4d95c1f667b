#include "core/diagnostic.h"

#include "core/utf8.h"

namespace hfoffline {
namespace {

constexpr std::string_view kCut = "...";

// An excerpt longer than this is cut; at most kBytesBeforeCaret of it come before the caret.
constexpr std::size_t kMaximumExcerptBytes = 120;
constexpr std::size_t kBytesBeforeCaret = 60;

// Characters that a terminal acts on, or that change how the text around them is read.
bool is_invisible(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
         (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

// How many terminal columns a character takes: enough of the Unicode tables to keep the caret in
// its place in East Asian text.
int columns(char32_t c) {
  if (c >= 0x300 && c <= 0x36f) return 0;
  const bool wide = (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf && c != 0x303f) ||
                    (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
                    (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
                    (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) ||
                    (c >= 0x20000 && c <= 0x3fffd);
  return wide ? 2 : 1;
}

std::size_t columns_of(std::string_view text) {
  std::size_t result = 0;
  while (!text.empty()) {
    char32_t code_point = 0;
    const std::size_t length = utf8_sequence(text, &code_point);
    result += static_cast<std::size_t>(columns(code_point));
    text = slice(text, length == 0 ? 1 : length);
  }
  return result;
}

// Goes on in another line where a word would end behind the 80th column.
void append_hint(std::string_view hint, Appender& out) {
  constexpr std::size_t kColumns = 80;
  constexpr std::string_view kFirst = "  ";
  constexpr std::string_view kFurther = "\n  ";
  if (hint.empty()) return;
  out.add(kFirst);
  std::size_t used = kFirst.size();
  for (bool is_first = true; !hint.empty(); is_first = false) {
    const std::size_t space = find_byte(hint, ' ');
    const std::string_view word = slice(hint, 0, space);
    hint = space == std::string_view::npos ? std::string_view() : slice(hint, space + 1);
    const std::size_t width = columns_of(word);
    if (!is_first && used + 1 + width > kColumns) {
      out.add(kFurther);
      used = kFurther.size() - 1;
    } else if (!is_first) {
      out.add_byte(' ');
      ++used;
    }
    out.add(word);
    used += width;
  }
  out.add_byte('\n');
}

// Appends the first character of `text` in printable form and returns how many bytes of `text` it
// took.
std::size_t append_character(std::string_view text, Appender& out) {
  char32_t code_point = 0;
  const std::size_t length = utf8_sequence(text, &code_point);
  if (length == 0 || (length == 1 && is_invisible(code_point))) {
    const auto byte = static_cast<unsigned char>(text[0]);
    const std::string_view digits = "0123456789ABCDEF";
    out.add("\\x").add_byte(digits[byte >> 4]).add_byte(digits[byte & 15]);
    return 1;
  }
  if (!is_invisible(code_point)) {
    out.add(slice(text, 0, length));
    return length;
  }
  const bool long_form = code_point > 0xffff;
  out.add(long_form ? "\\U" : "\\u");
  for (int shift = long_form ? 28 : 12; shift >= 0; shift -= 4) {
    out.add_byte("0123456789ABCDEF"[(code_point >> shift) & 15]);
  }
  return length;
}

// The same for a line of a file or a value, where a tab is shown as one blank, so that it is no
// wider than the caret line thinks.
std::size_t append_excerpt_character(std::string_view text, Appender& out) {
  if (text[0] != '\t') return append_character(text, out);
  out.add_byte(' ');
  return 1;
}

std::size_t printable_size(std::string_view text, std::size_t* consumed) {
  char array[16];
  Appender out(array);
  *consumed = append_excerpt_character(text, out);
  return out.size();
}

}  // namespace

DiagnosticText::DiagnosticText(char* data, std::size_t capacity)
    : data_(data), capacity_(capacity), out_(data, capacity - 1) {
  terminate();
}

void DiagnosticText::terminate() {
  if (!out_.overflowed()) {
    data_[out_.size()] = '\0';
    return;
  }
  std::size_t end = capacity_ - 1 - kCut.size();
  while (end > 0 && (static_cast<unsigned char>(data_[end]) & 0xc0) == 0x80) --end;
  for (const char c : kCut) data_[end++] = c;
  data_[end] = '\0';
}

DiagnosticText& DiagnosticText::add(std::string_view text) {
  // Once cut, the text stays as it is: the end of it has been written over.
  if (out_.overflowed()) return *this;
  out_.add(text);
  terminate();
  return *this;
}

DiagnosticText& DiagnosticText::add_number(std::uint64_t value) {
  char array[24];
  Appender digits(array);
  digits.add_number(value);
  return add(digits.view());
}

DiagnosticText& DiagnosticText::add_input(std::string_view text, std::size_t maximum) {
  std::size_t written = 0;
  while (!text.empty()) {
    char array[16];
    Appender character(array);
    text = slice(text, append_character(text, character));
    if (written + character.size() > maximum) return add(kCut);
    written += character.size();
    add(character.view());
  }
  return *this;
}

DiagnosticText& DiagnosticText::add_quoted(std::string_view text) {
  return add("\"").add_input(text).add("\"");
}

void append_printable(std::string_view text, Appender& out) {
  while (!text.empty()) text = slice(text, append_character(text, out));
}

void point_at(Diagnostic& diagnostic, std::string_view text, std::size_t offset) {
  if (offset > text.size()) offset = text.size();
  std::size_t line_start = 0;
  diagnostic.line = 1;
  for (std::size_t i = 0; i < offset; ++i) {
    if (text[i] != '\n') continue;
    ++diagnostic.line;
    line_start = i + 1;
  }
  diagnostic.column = static_cast<std::uint32_t>(offset - line_start + 1);

  std::size_t line_end = find_byte(text, '\n', offset);
  if (line_end == std::string_view::npos) {
    line_end = text.size();
  } else if (line_end > offset && text[line_end - 1] == '\r') {
    --line_end;
  }
  const std::string_view line = slice(text, line_start, line_end - line_start);
  const std::size_t caret = offset - line_start;

  std::size_t size_before_caret = 0;
  std::size_t size = 0;
  std::size_t consumed = 0;
  for (std::size_t i = 0; i < line.size(); i += consumed) {
    if (i < caret) size_before_caret = size;
    const std::size_t character = printable_size(slice(line, i), &consumed);
    size += character;
    // A caret inside a character is shown under that character.
    if (i + consumed <= caret) size_before_caret = size;
  }

  // Characters are left out at the front until few enough are left before the caret.
  std::size_t start = 0;
  std::size_t left_out = 0;
  if (size > kMaximumExcerptBytes) {
    while (size_before_caret - left_out > kBytesBeforeCaret) {
      left_out += printable_size(slice(line, start), &consumed);
      start += consumed;
    }
  }
  Appender out(diagnostic.excerpt, sizeof diagnostic.excerpt - 1);
  if (start > 0) out.add(kCut);
  diagnostic.caret = static_cast<std::uint32_t>(out.size() + size_before_caret - left_out + 1);
  std::size_t i = start;
  while (i < line.size() && out.size() < kMaximumExcerptBytes) {
    i += append_excerpt_character(slice(line, i), out);
  }
  if (i < line.size()) out.add(kCut);
  diagnostic.excerpt[out.size()] = '\0';
}

void append_diagnostic(const Diagnostic& diagnostic, Appender& out) {
  const std::string_view file = diagnostic.file;
  if (!file.empty()) {
    out.add(file);
    if (diagnostic.line != 0) {
      out.add_byte(':').add_number(diagnostic.line).add_byte(':').add_number(diagnostic.column);
    }
    out.add(": ");
  }
  out.add(diagnostic.message).add_byte('\n');

  const std::string_view excerpt = diagnostic.excerpt;
  if (!excerpt.empty()) {
    char array[24];
    Appender number(array);
    if (diagnostic.line != 0) number.add_number(diagnostic.line).add_byte(' ');
    out.add("  ").add(number.view()).add("| ").add(excerpt).add_byte('\n');
    if (diagnostic.caret != 0) {
      out.add("  ");
      for (std::size_t i = 0; i < number.size(); ++i) out.add_byte(' ');
      out.add("| ");
      const std::size_t before = columns_of(slice(excerpt, 0, diagnostic.caret - 1));
      for (std::size_t i = 0; i < before; ++i) out.add_byte(' ');
      out.add("^\n");
    }
  }
  append_hint(diagnostic.hint, out);
}

}  // namespace hfoffline
