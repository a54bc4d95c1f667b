#include "core/path.h"

#include <cstdint>

#include "core/text.h"

namespace hfoffline {
namespace {

// Takes the next component off `rest`, skipping slashes and "." components; "" at the end.
std::string_view next_component(std::string_view& rest) {
  for (;;) {
    while (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
    std::size_t length = find_byte(rest, '/');
    if (length == std::string_view::npos) length = rest.size();
    const std::string_view component = slice(rest, 0, length);
    rest.remove_prefix(length);
    if (component != ".") return component;
  }
}

// Eight bytes at a time; the first is the lowest on both architectures.
constexpr std::uint64_t kLowBits = 0x0101010101010101;

std::uint64_t word_at(const char* text) {
  std::uint64_t word;
  __builtin_memcpy(&word, text, sizeof(word));
  return word;
}

// The less than eight bytes from `i` on, and zeros.
std::uint64_t last_word(std::string_view text, std::size_t i) {
  const std::size_t left = text.size() - i;
  if (left == 0) return 0;
  if (text.size() >= 8) return word_at(text.data() + text.size() - 8) >> (8 * (8 - left));
  std::uint64_t word = 0;
  for (std::size_t byte = left; byte != 0; --byte)
    word = word << 8 | static_cast<unsigned char>(text[i + byte - 1]);
  return word;
}

// The highest bit of each byte that has this value.
std::uint64_t bytes_with(std::uint64_t word, unsigned char value) {
  constexpr std::uint64_t kRest = ~(kLowBits << 7);
  const std::uint64_t difference = word ^ (kLowBits * value);
  return ~(((difference & kRest) + kRest) | difference | kRest);
}

}  // namespace

bool is_at_or_below(std::string_view path, std::string_view tree) {
  if (tree == "/") return true;
  return path.starts_with(tree) && (path.size() == tree.size() || path[tree.size()] == '/');
}

bool has_parent_component(std::string_view path) {
  while (!path.empty()) {
    const std::string_view component = next_component(path);
    if (component == "..") return true;
    if (component.empty()) return false;
  }
  return false;
}

bool lexically_below(std::string_view path, std::string_view tree) {
  for (;;) {
    const std::string_view wanted = next_component(tree);
    if (wanted.empty()) return true;
    if (next_component(path) != wanted) return false;
  }
}

bool is_plain(std::string_view path) {
  // Of what came before: a double slash needs one that is there, and a component starts behind
  // nothing, too.
  std::uint64_t slashes_before = 0;
  std::uint64_t starts_before = std::uint64_t{0x80} << 56;
  std::uint64_t dots_before = 0;
  for (std::size_t i = 0;; i += 8) {
    const std::size_t left = path.size() - i;
    const std::uint64_t word = left >= 8 ? word_at(path.data() + i) : last_word(path, i);
    // The two differ in their lowest bit alone.
    const std::uint64_t slashes_and_dots = bytes_with(word | kLowBits, '/');
    const std::uint64_t slashes = slashes_and_dots & word << 7;
    const std::uint64_t dots = slashes_and_dots & ~slashes;
    const std::uint64_t ends = bytes_with(word, '\0');
    if ((slashes & (slashes << 8 | slashes_before >> 56)) != 0) return false;
    if ((dots | dots_before >> 56) != 0) {
      const std::uint64_t behind_dot = dots << 8 | dots_before >> 56;
      const std::uint64_t second_in_component = slashes << 16 | starts_before >> 48;
      if (((slashes_and_dots | ends) & behind_dot & second_in_component) != 0) return false;
    }
    if (left < 8) return ends >> (8 * left + 7) << (8 * left + 7) == ends;
    if (ends != 0) return false;
    slashes_before = starts_before = slashes;
    dots_before = dots;
  }
}

SplitPath split_path(std::string_view path) {
  SplitPath result;
  while (!path.empty() && path.back() == '/') {
    path.remove_suffix(1);
    result.trailing_slash = true;
  }
  if (path.empty()) {
    result.parent = result.trailing_slash ? std::string_view("/") : std::string_view();
    return result;
  }
  std::size_t start = path.size();
  while (start > 0 && path[start - 1] != '/') --start;
  result.last = slice(path, start);
  result.parent = slice(path, 0, start);
  return result;
}

}  // namespace hfoffline
