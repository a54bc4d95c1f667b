#include "core/toml_reader.h"

#include "core/toml_number.h"
#include "core/toml_string.h"

namespace hfoffline {
namespace {

bool is_bare_key_byte(char c) {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || is_ascii_digit(c) || c == '_' || c == '-';
}

// Where a value without quotes ends, so that it can be named as a whole.
bool ends_bare_value(char c) {
  switch (c) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case ',':
    case ']':
    case '}':
    case '#':
      return true;
    default:
      return false;
  }
}

constexpr std::string_view kCurlyQuotes[] = {"\u201c", "\u201d", "\u2018", "\u2019"};

}  // namespace

bool TomlReader::fail(std::size_t offset, std::string_view message, std::string_view hint,
                      Diagnostic& error) {
  point_at(error, document_, offset);
  DiagnosticText(error.message).add(message);
  DiagnosticText(error.hint).add(hint);
  return false;
}

// Old Macintosh line ends: TOML knows no such thing, and some editors show it as a new line.
bool TomlReader::fail_carriage_return(Diagnostic& error) {
  return fail(at_, "a carriage return without a line feed is not allowed",
              "save the file with LF line ends", error);
}

void TomlReader::begin(TomlKind kind, TomlEvent& event) const {
  event = {};
  event.kind = kind;
  event.offset = at_;
  event.line = line_;
  event.column = static_cast<std::uint32_t>(at_ - line_start_ + 1);
}

void TomlReader::skip_blanks() {
  while (peek() == ' ' || peek() == '\t') ++at_;
}

void TomlReader::skip_newline() {
  at_ += peek() == '\r' ? 2 : 1;
  ++line_;
  line_start_ = at_;
}

bool TomlReader::skip_comment(Diagnostic& error) {
  while (!at_end() && !at_newline()) {
    if (peek() == '\r') return fail_carriage_return(error);
    const auto byte = static_cast<unsigned char>(peek());
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
      return fail(at_, "a control character is not allowed in a comment", "remove it", error);
    }
    ++at_;
  }
  return true;
}

// Skips blanks, comments and newlines, as between the items of an array and between statements.
bool TomlReader::skip_lines(Diagnostic& error) {
  for (;;) {
    skip_blanks();
    if (peek() == '#') {
      if (!skip_comment(error)) return false;
    } else if (at_newline()) {
      skip_newline();
    } else {
      return true;
    }
  }
}

bool TomlReader::read_line_end(Diagnostic& error) {
  skip_blanks();
  if (peek() == '#' && !skip_comment(error)) return false;
  if (at_end()) return true;
  if (at_newline()) {
    skip_newline();
    return true;
  }
  if (peek() == '\r') return fail_carriage_return(error);
  return fail(at_, "only a comment may follow here", "start a new line, or put # before a comment",
              error);
}

bool TomlReader::next(TomlEvent& event, Diagnostic& error) {
  switch (state_) {
    case State::kLineEnd:
      if (!read_line_end(error)) return false;
      [[fallthrough]];
    case State::kLine:
      return read_line(event, error);
    case State::kValue:
      return read_value(event, error);
    case State::kArrayAfterItem:
      if (!skip_lines(error)) return false;
      if (peek() == ',') {
        ++at_;
      } else if (peek() != ']') {
        if (at_end()) break;
        fail(at_, "expected a comma or the closing bracket of the array", {}, error);
        DiagnosticText(error.hint)
            .add("the array was opened on line ")
            .add_number(array_line_)
            .add("; its items are separated by commas");
        return false;
      }
      [[fallthrough]];
    case State::kArrayItem:
      return read_array_item(event, error);
  }
  return fail(array_start_, "the array is not closed", "close it with ]", error);
}

bool TomlReader::read_line(TomlEvent& event, Diagnostic& error) {
  if (!skip_lines(error)) return false;
  if (at_end()) {
    begin(TomlKind::kEnd, event);
    return true;
  }
  return peek() == '[' ? read_table(event, error) : read_key(event, error);
}

bool TomlReader::read_table(TomlEvent& event, Diagnostic& error) {
  const std::size_t bracket = at_;
  const bool in_array = peek(1) == '[';
  at_ += in_array ? 2 : 1;
  skip_blanks();
  begin(in_array ? TomlKind::kTableInArray : TomlKind::kTable, event);
  if (peek() == ']') {
    return fail(bracket, "the table has no name",
                in_array ? "write a table such as [[layer]]" : "write a table such as [cache]",
                error);
  }
  if (!read_key_name(event, error)) return false;
  skip_blanks();
  if (peek() == '.') {
    return fail(at_, "tables inside tables are not supported", "write a table such as [cache]",
                error);
  }
  if (in_array && (peek() != ']' || peek(1) != ']')) {
    return fail(at_, "expected ]] after the table's name", "write a table such as [[layer]]",
                error);
  }
  if (peek() != ']') {
    return fail(at_, "expected ] after the table's name", "write a table such as [cache]", error);
  }
  at_ += in_array ? 2 : 1;
  state_ = State::kLineEnd;
  return true;
}

bool TomlReader::read_key(TomlEvent& event, Diagnostic& error) {
  begin(TomlKind::kKey, event);
  if (!read_key_name(event, error)) return false;
  skip_blanks();
  if (peek() == '.') {
    return fail(at_, "dotted keys are not supported",
                "write a table such as [cache] on its own line, and below it models_dir = ...",
                error);
  }
  if (peek() != '=') {
    fail(at_, "expected = after the key", {}, error);
    DiagnosticText(error.hint).add("write ").add_input(event.raw).add(" = and its value");
    return false;
  }
  ++at_;
  state_ = State::kValue;
  return true;
}

bool TomlReader::read_key_name(TomlEvent& event, Diagnostic& error) {
  if (peek() == '"' || peek() == '\'') return read_string(true, event, error);
  const std::size_t start = at_;
  while (is_bare_key_byte(peek())) ++at_;
  event.raw = slice(document_, start, at_ - start);
  event.text = event.raw;
  if (!event.raw.empty()) return true;
  if (peek() == '\r') return fail_carriage_return(error);
  if (event.kind == TomlKind::kTable || event.kind == TomlKind::kTableInArray) {
    return fail(at_, "expected the table's name after the bracket", "write a table such as [cache]",
                error);
  }
  const char c = peek();
  std::string_view hint =
      "a line is a [table], a key = value, or a comment after #; keys have letters, digits, _ and "
      "-";
  if (c == '=') hint = "write the key before the =";
  if (c == '{') hint = "this looks like JSON; write [cache], and below it models_dir = \"...\"";
  if (c == ';' || c == '/') hint = "comments start with #";
  return fail(at_, "expected a key, a [table] or a comment", hint, error);
}

bool TomlReader::read_value(TomlEvent& event, Diagnostic& error) {
  skip_blanks();
  state_ = in_array_ ? State::kArrayAfterItem : State::kLineEnd;
  switch (peek()) {
    case '"':
    case '\'':
      begin(TomlKind::kString, event);
      return read_string(false, event, error);
    case '[':
      if (in_array_) break;
      begin(TomlKind::kArrayBegin, event);
      event.raw = slice(document_, at_, 1);
      array_start_ = at_;
      array_line_ = line_;
      in_array_ = true;
      state_ = State::kArrayItem;
      ++at_;
      return true;
    case '{':
      break;
    default:
      return read_bare_value(event, error);
  }
  begin(TomlKind::kOther, event);
  event.raw = slice(document_, at_, 1);
  event.text = peek() == '[' ? "an array in an array" : "an inline table";
  return true;
}

bool TomlReader::read_array_item(TomlEvent& event, Diagnostic& error) {
  if (!skip_lines(error)) return false;
  if (at_end()) return fail(array_start_, "the array is not closed", "close it with ]", error);
  if (peek() != ']') return read_value(event, error);
  begin(TomlKind::kArrayEnd, event);
  event.raw = slice(document_, at_, 1);
  in_array_ = false;
  state_ = State::kLineEnd;
  ++at_;
  return true;
}

bool TomlReader::read_string(bool is_key, TomlEvent& event, Diagnostic& error) {
  const std::size_t start = at_;
  TomlString string(document_, start, is_key);
  std::size_t size = 0;
  TomlString::Step step = string.next();
  for (; step == TomlString::Step::kBytes; step = string.next()) size += string.bytes().size();
  if (step == TomlString::Step::kMistake) {
    return fail(string.offset(), string.mistake(), string.hint(), error);
  }
  const std::size_t closing = string.offset();
  at_ = string.end();
  event.raw = slice(document_, start, at_ - start);
  for (std::size_t i = start; i < at_; ++i) {
    if (document_[i] != '\n') continue;
    ++line_;
    line_start_ = i + 1;
  }
  // Escapes are all longer than what they stand for: the same size means that there are none.
  if (size == closing - string.content_start()) {
    event.text = slice(document_, string.content_start(), size);
    return true;
  }
  auto* decoded = static_cast<char*>(arena_.allocate(size + 1, 1));
  if (decoded == nullptr) {
    return fail(start, "there are more settings than fit into memory", "make the file smaller",
                error);
  }
  TomlString again(document_, start, is_key);
  std::size_t copied = 0;
  while (again.next() == TomlString::Step::kBytes) {
    for (const char c : again.bytes()) decoded[copied++] = c;
  }
  decoded[copied] = '\0';
  event.text = {decoded, copied};
  return true;
}

bool TomlReader::read_bare_value(TomlEvent& event, Diagnostic& error) {
  begin(TomlKind::kOther, event);
  while (!at_end() && !ends_bare_value(peek())) ++at_;
  event.raw = slice(document_, event.offset, at_ - event.offset);
  if (event.raw.empty()) {
    if (in_array_) {
      return fail(event.offset, "expected an item of the array",
                  "items are texts in quotes, separated by single commas", error);
    }
    return fail(event.offset, "the key has no value", "write a value after the =", error);
  }
  if (event.raw == "true" || event.raw == "false") {
    event.kind = TomlKind::kBoolean;
    event.boolean = event.raw == "true";
    return true;
  }
  std::string_view why;
  if (parse_toml_integer(event.raw, &event.integer, &why)) {
    event.kind = TomlKind::kInteger;
    return true;
  }
  if (!why.empty())
    return fail(event.offset, why, "put text that is not a number in quotes", error);
  event.text = name_other_number(event.raw);
  return event.text.empty() ? unquoted(event, error) : true;
}

// Text without quotes: the likeliest mistake of all, so the hint says exactly what to write.
bool TomlReader::unquoted(const TomlEvent& event, Diagnostic& error) {
  fail(event.offset, "the value is neither text in quotes, nor a number, true or false", {}, error);
  DiagnosticText hint(error.hint);
  for (const std::string_view quote : kCurlyQuotes) {
    if (slice(event.raw, 0, quote.size()) == quote) {
      hint.add("use straight quotes: \"...\"");
      return false;
    }
  }
  for (const std::string_view yes : {"true", "yes", "on"}) {
    if (equals_ignoring_case(event.raw, yes)) hint.add("write true");
  }
  for (const std::string_view no : {"false", "no", "off"}) {
    if (equals_ignoring_case(event.raw, no)) hint.add("write false");
  }
  if (error.hint[0] == '\0') hint.add("write ").add_quoted(event.raw);
  return false;
}

std::size_t offset_in_document(std::string_view document, const TomlEvent& string,
                               std::size_t decoded) {
  TomlString walk(document, string.offset, false);
  std::size_t passed = 0;
  while (walk.next() == TomlString::Step::kBytes) {
    if (passed + walk.bytes().size() > decoded) return walk.offset();
    passed += walk.bytes().size();
  }
  return walk.offset();
}

}  // namespace hfoffline
