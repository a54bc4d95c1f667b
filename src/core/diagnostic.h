// One error about a setting: what, where, the offending text and what to do. Owns its text.
//
// All text in a Diagnostic is safe to print: control bytes, invalid UTF-8 and invisible characters
// that came from the input are shown as escapes. Pure, async-signal-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/source.h"
#include "core/text.h"

namespace hfoffline {

struct Diagnostic {
  char file[512] = "";       // empty when the error is in a flag or a variable
  std::uint32_t line = 0;    // 1-based; 0: no line (a flag, a variable, or the file as a whole)
  std::uint32_t column = 0;  // 1-based, in bytes of the line, or of the flag's or variable's value
  char message[512] = "";
  char excerpt[256] = "";   // the offending line, or the part of it around the column
  std::uint32_t caret = 0;  // 1-based position in the excerpt; 0: no caret
  char hint[256] = "";      // "did you mean ...?" or what to do; may be empty

  bool empty() const { return message[0] == '\0'; }
};

// Writes one of the texts above. What does not fit is cut, at a character, and ends in "...".
class DiagnosticText {
 public:
  template <std::size_t N>
  explicit DiagnosticText(char (&array)[N]) : DiagnosticText(array, N) {}

  // Text of ours, as it is.
  DiagnosticText& add(std::string_view text);
  DiagnosticText& add_number(std::uint64_t value);
  // Text of the user's: made printable, and cut where it would take more than `maximum` bytes.
  DiagnosticText& add_input(std::string_view text, std::size_t maximum = 80);
  // The same in double quotes.
  DiagnosticText& add_quoted(std::string_view text);

 private:
  DiagnosticText(char* data, std::size_t capacity);
  void terminate();

  char* data_;
  std::size_t capacity_;
  Appender out_;
};

// Sets line, column, excerpt and caret to the byte at `offset` of `text` (its size: just after its
// end). Takes time in proportion to the text.
void point_at(Diagnostic& diagnostic, std::string_view text, std::size_t offset);

// Appends `text` with control bytes, invalid UTF-8 and invisible characters as escapes (\x1B,
// \u202E).
void append_printable(std::string_view text, Appender& out);

// Appends the diagnostic as people read it, ending in a newline:
//   hfoffline.toml:3:1: unknown key "model_dir" in [cache]
//     3 | model_dir = "/mnt/models"
//       | ^
//     did you mean "models_dir"?
void append_diagnostic(const Diagnostic& diagnostic, Appender& out);

}  // namespace hfoffline
