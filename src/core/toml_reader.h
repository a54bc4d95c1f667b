// Reads the part of TOML 1.0 that a config file needs, as a sequence of events: tables, keys,
// strings, integers, booleans, arrays of these, and arrays of tables. No heap; async-signal-safe.
//
// Strict: whatever it accepts means the same to every TOML 1.0 reader, provided that the caller
// rejects duplicate tables and keys, and a name that is both a table and an array of tables (it
// knows their names; this reader keeps no list of what it has seen), and everything of kind kOther.
// What TOML has and a config file does not need (dotted keys, tables in tables, CR LF inside a
// string) is an error that says what to write instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/arena.h"
#include "core/diagnostic.h"
#include "core/text.h"

namespace hfoffline {

enum class TomlKind : std::uint8_t {
  kTable,         // [text]
  kTableInArray,  // [[text]], one more table of the array `text`
  kKey,           // text =, followed by its value
  kString,
  kInteger,
  kBoolean,
  kArrayBegin,  // followed by the items and kArrayEnd
  kArrayEnd,
  kOther,  // a value of another kind, which `text` names ("a float"); nothing can be read after it
  kEnd,
};

struct TomlEvent {
  TomlKind kind = TomlKind::kEnd;
  // Where it starts in the document. A key's or table's name is pointed at, not its bracket.
  std::size_t offset = 0;
  std::uint32_t line = 1;    // 1-based
  std::uint32_t column = 1;  // 1-based, in bytes
  std::string_view raw;      // as written; of a table, its name as written
  std::string_view text;     // decoded: in the document, or, where it has escapes, in the arena
  std::int64_t integer = 0;
  bool boolean = false;
};

class TomlReader {
 public:
  // `document` must be valid UTF-8 and, like the arena, outlive all texts of events.
  TomlReader(std::string_view document, Arena& arena) : document_(document), arena_(arena) {}

  // Fills the next event, or returns false and fills all of `error` but its file. Not to be called
  // again after false, kOther or kEnd.
  bool next(TomlEvent& event, Diagnostic& error);

 private:
  enum class State : std::uint8_t { kLine, kLineEnd, kValue, kArrayItem, kArrayAfterItem };

  bool fail(std::size_t offset, std::string_view message, std::string_view hint, Diagnostic& error);
  bool fail_carriage_return(Diagnostic& error);
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < document_.size() ? document_[at_ + ahead] : '\0';
  }
  bool at_end() const { return at_ >= document_.size(); }
  bool at_newline() const { return peek() == '\n' || (peek() == '\r' && peek(1) == '\n'); }
  void begin(TomlKind kind, TomlEvent& event) const;
  void skip_blanks();
  void skip_newline();
  bool skip_comment(Diagnostic& error);
  bool skip_lines(Diagnostic& error);
  bool read_line_end(Diagnostic& error);
  bool read_line(TomlEvent& event, Diagnostic& error);
  bool read_table(TomlEvent& event, Diagnostic& error);
  bool read_key(TomlEvent& event, Diagnostic& error);
  bool read_key_name(TomlEvent& event, Diagnostic& error);
  bool read_value(TomlEvent& event, Diagnostic& error);
  bool read_string(bool is_key, TomlEvent& event, Diagnostic& error);
  bool read_bare_value(TomlEvent& event, Diagnostic& error);
  bool read_array_item(TomlEvent& event, Diagnostic& error);
  bool unquoted(const TomlEvent& event, Diagnostic& error);

  std::string_view document_;
  Arena& arena_;
  State state_ = State::kLine;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::size_t line_start_ = 0;
  bool in_array_ = false;
  std::size_t array_start_ = 0;
  std::uint32_t array_line_ = 0;
};

// Offset in the document of byte `decoded` of a kString event's text (its size: the closing
// quotes).
std::size_t offset_in_document(std::string_view document, const TomlEvent& string,
                               std::size_t decoded);

}  // namespace hfoffline
