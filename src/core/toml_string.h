// The inside of a TOML 1.0 string, one character at a time: all four kinds, decoded.
//
// Stepping, instead of decoding into a buffer, serves three callers with one set of rules:
// measuring, copying, and finding where in the file a byte of a decoded value stands. Pure, no
// heap, async-signal-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hfoffline {

class TomlString {
 public:
  enum class Step : std::uint8_t { kBytes, kEnd, kMistake };

  // `document` is valid UTF-8 and has a quote at `start`. In a key, three quotes are not special.
  TomlString(std::string_view document, std::size_t start, bool is_key);

  // kBytes: bytes() is the next decoded character, or a part of it. After kEnd and kMistake, no
  // more.
  Step next();

  std::string_view bytes() const { return {bytes_, size_}; }
  // Where what next() returned starts in the document: the character or its escape, the closing
  // quotes, or the offending byte.
  std::size_t offset() const { return offset_; }
  // Where the content starts: after the opening quotes and the newline that TOML skips after them.
  std::size_t content_start() const { return content_start_; }
  // After kEnd: the offset just after the closing quotes.
  std::size_t end() const { return at_; }
  // After kMistake: what is wrong and what to do, static text.
  std::string_view mistake() const { return mistake_; }
  std::string_view hint() const { return hint_; }

 private:
  Step fail(std::size_t offset, std::string_view mistake, std::string_view hint);
  Step emit(char byte);
  Step next_byte();
  Step next_quote();
  Step next_escape();
  Step next_code_point_escape(std::size_t digits);
  bool skip_escaped_newline();
  bool is_newline(std::size_t at) const;
  char peek(std::size_t at) const { return at < document_.size() ? document_[at] : '\0'; }

  std::string_view document_;
  std::size_t start_;
  std::size_t at_;
  std::size_t content_start_;
  std::size_t offset_ = 0;
  std::size_t closing_ = std::string_view::npos;  // of a multi-line string, once it is in sight
  char quote_;
  bool multi_line_ = false;
  char bytes_[4] = {};
  std::size_t size_ = 0;
  std::string_view mistake_;
  std::string_view hint_;
};

}  // namespace hfoffline
