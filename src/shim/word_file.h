// The files that libc reads to look a name up: /etc/hosts, /etc/nsswitch.conf.
#pragma once

#include <string_view>

#include "core/sys.h"
#include "core/text.h"

namespace hfoffline::shim {

// The words of a file of libc's, up to the # of each line, read piece by piece: a mapping of it
// would be a SIGBUS if somebody cut the file meanwhile, and there is no size or length of line that
// it must not have. A file that cannot be read ends where that happens, and what was not seen is as
// if it were not there.
class WordFile {
 public:
  explicit WordFile(const char* path) : descriptor_(sys::open(path, O_RDONLY | O_CLOEXEC)) {}
  WordFile(const WordFile&) = delete;
  WordFile& operator=(const WordFile&) = delete;
  ~WordFile() {
    if (descriptor_ >= 0) sys::close(static_cast<int>(descriptor_));
  }

  bool is_open() const { return descriptor_ >= 0; }

  // Goes to the start of the next line, the first one at first. False: there is none.
  bool next_line() {
    if (!started_) {
      started_ = true;
      return peek() >= 0;
    }
    while (peek() >= 0) {
      if (take() == '\n') return peek() >= 0;
    }
    return false;
  }

  // The next word of the line, empty at its end; valid until the next call. Of a word that is too
  // long for a name only so much comes that it is too long. `comment`: what ends the line early.
  std::string_view next_word(char comment = '#') {
    while (peek() >= 0 && is_blank(peek())) take();
    Appender word(word_);
    while (peek() >= 0 && peek() != '\n' && peek() != comment && !is_blank(peek())) {
      word.add_byte(static_cast<char>(take()));
    }
    return word.view();
  }

 private:
  static bool is_blank(int byte) {
    return byte == ' ' || (byte >= '\t' && byte <= '\r' && byte != '\n');
  }
  // The next byte, or -1 at the end.
  int peek() {
    if (at_ == end_) {
      const long size =
          descriptor_ < 0 ? 0 : sys::read(static_cast<int>(descriptor_), buffer_, sizeof(buffer_));
      at_ = 0;
      end_ = size > 0 ? static_cast<std::size_t>(size) : 0;
      if (end_ == 0) return -1;
    }
    return static_cast<unsigned char>(buffer_[at_]);
  }
  int take() {
    const int byte = peek();
    if (byte >= 0) ++at_;
    return byte;
  }

  long descriptor_;
  bool started_ = false;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  char word_[257];
  char buffer_[2048];  // few calls for usual files, little of a small stack
};

}  // namespace hfoffline::shim
