// What reads text by whole words: at every place in a page, and never into the next one.
#include "shim/text_words.h"

#include <sys/mman.h>

#include <cstring>
#include <string>

#include "catch.h"
#include "shim/short_path.h"
#include "shim/variable_name.h"

using namespace hfoffline::shim;

namespace {

// A page between two that cannot be read.
class Page {
 public:
  static constexpr std::size_t kSize = 4096;
  Page() {
    memory_ =
        static_cast<char*>(mmap(nullptr, 3 * kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(mprotect(memory_ + kSize, kSize, PROT_READ | PROT_WRITE) == 0);
  }
  ~Page() { munmap(memory_, 3 * kSize); }
  // The text and its NUL end `before_end` bytes before the page does; what is around is filled.
  const char* put(const std::string& text, std::size_t before_end, char filling) {
    char* page = memory_ + kSize;
    std::memset(page, filling, kSize);
    char* place = page + kSize - before_end - text.size() - 1;
    std::memcpy(place, text.c_str(), text.size() + 1);
    return place;
  }
  // At the start of the page.
  const char* put_first(const std::string& text, char filling) {
    char* page = memory_ + kSize;
    std::memset(page, filling, kSize);
    std::memcpy(page, text.c_str(), text.size() + 1);
    return page;
  }

 private:
  char* memory_ = nullptr;
};

}  // namespace

TEST_CASE("words: a text's end is found wherever it lies") {
  Page page;
  for (const char filling : {'\0', 'x', '/', '='}) {
    for (std::size_t length = 0; length < 40; ++length) {
      const std::string text(length, 'x');
      for (std::size_t before_end = 0; before_end < 20; ++before_end) {
        const char* place = page.put(text, before_end, filling);
        if (length_by_words(place) != length) REQUIRE(length_by_words(place) == length);
        if (length_of_name(place) != length) REQUIRE(length_of_name(place) == length);
      }
      REQUIRE(length_by_words(page.put_first(text, filling)) == length);
    }
  }
  // "bytes with the highest bit, and those that differ from an end in one bit"
  for (int value = 1; value < 256; ++value) {
    const std::string text(9, static_cast<char>(value));
    CHECK(length_by_words(page.put(text, 3, 'x')) == 9);
    CHECK(length_of_name(page.put(text, 3, 'x')) == (value == '=' ? 0 : 9));
    CHECK(length_of_name(page.put(text + "=a", 3, 'x')) == (value == '=' ? 0 : 9));
  }
  // "not looked for behind so many bytes"
  const std::size_t length = length_by_words(page.put(std::string(100, 'x'), 0, 'x'), 50);
  CHECK(length >= 50);
  CHECK(length < 58);
}

TEST_CASE("words: a variable is found by its whole name") {
  Page entries;
  Page names;
  for (std::size_t length = 1; length < 25; ++length) {
    const std::string name(length, 'N');
    for (std::size_t before_end = 0; before_end < 18; ++before_end) {
      const char* wanted = names.put(name, before_end, 'N');
      for (std::size_t entry_before_end = 0; entry_before_end < 18; ++entry_before_end) {
        const auto value = [&](const std::string& entry) {
          const char* place = entries.put(entry, entry_before_end, 'N');
          const char* found = value_if_named(place, wanted);
          return found == nullptr ? -1 : static_cast<int>(found - place);
        };
        const int expected = static_cast<int>(length) + 1;
        if (value(name + "=v") != expected) REQUIRE(value(name + "=v") == expected);
        if (value(name + "=") != expected) REQUIRE(value(name + "=") == expected);
        std::string other = name + "=v";
        other[length - 1] = 'M';
        for (const std::string& entry : {name, name + "N=v", name.substr(1) + "=v", other}) {
          if (value(entry) != -1) {
            CAPTURE(name, entry);
            REQUIRE(value(entry) == -1);
          }
        }
      }
    }
  }
}

TEST_CASE("words: a short path is copied whole, and is as plain as its text") {
  Page page;
  for (const char filling : {'\0', '/', '.', 'x'}) {
    for (const std::string path :
         {"", "/", "a", "/a", "//", "/.", "/..", ".", "..", ".a", "/a/.b/c", "/tmp/some-directory",
          "/tmp/some-directory/", "/tmp/some-directory//x", "/tmp/some-directo/.",
          "/0123456789abc/", "/0123456789abcd/.", "/0123456789abcde/../x",
          "/0123456789abcd/.config/y/z"}) {
      for (std::size_t before_end = 0; before_end < 40; ++before_end) {
        const ShortPath copy(page.put(path, before_end, filling));
        CAPTURE(path, before_end);
        if (copy.text() != path) REQUIRE(copy.text() == path);
        if (copy.text().data()[path.size()] != '\0') REQUIRE(false);
        if (copy.is_plain_text() != hfoffline::is_plain(path))
          REQUIRE(copy.is_plain_text() == hfoffline::is_plain(path));
      }
    }
  }
  // "what does not fit is never plain"
  for (std::size_t length = 1000; length < 1030; ++length) {
    const std::string path(length, 'x');
    const ShortPath copy(page.put(path, 5, 'x'));
    if (length >= 1024) REQUIRE_FALSE(copy.is_plain_text());
    if (copy.is_plain_text()) REQUIRE(copy.text() == path);
  }
}
