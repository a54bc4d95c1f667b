#include "shim/networks_file.h"

#include "core/text.h"
#include "shim/next_symbol.h"
#include "shim/service_switch.h"
#include "shim/word_file.h"

namespace hfoffline::shim {
namespace {

constexpr char kNetworksFile[] = "/etc/networks";

// "127", "127.0" and "127.0.0.0" are the same network.
bool parse_number(std::string_view text, std::uint32_t* number) {
  *number = 0;
  int parts = 0;
  while (!text.empty() && parts < 4) {
    std::uint32_t part = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && is_ascii_digit(text[digits]); ++digits)
      part = part * 10 + static_cast<std::uint32_t>(text[digits] - '0');
    if (digits == 0 || digits > 3 || part > 255) return false;
    *number = *number << 8 | part;
    ++parts;
    text.remove_prefix(digits);
    if (!text.empty() && text[0] != '.') return false;
    if (!text.empty()) text.remove_prefix(1);
  }
  for (int i = parts; i < 4; ++i) *number <<= 8;
  return parts > 0 && text.empty();
}

}  // namespace

bool networks_ask_name_servers() {
  if (!libc_is_glibc()) return false;
  // glibc 2.34 and later take a # within a line for one more word.
  constexpr char kNoComment = '\n';
  return find_source("networks:", "dns", kNoComment) != SourceListing::kNotListed;
}

bool networks_file_has_name(std::string_view name) {
  WordFile file(kNetworksFile);
  while (file.next_line()) {
    bool first = true;
    bool has_number = false;
    bool found = false;
    for (std::string_view word = file.next_word(); !word.empty(); word = file.next_word()) {
      std::uint32_t number = 0;
      const bool is_second = !first && !has_number;
      if (is_second && !parse_number(word, &number)) break;
      if (is_second) {
        has_number = true;
      } else if (equals_ignoring_case(word, name)) {
        found = true;
      }
      first = false;
    }
    if (found && has_number) return true;
  }
  return false;
}

bool networks_file_has_number(std::uint32_t number) {
  WordFile file(kNetworksFile);
  while (file.next_line()) {
    std::uint32_t found = 0;
    if (!file.next_word().empty() && parse_number(file.next_word(), &found) && found == number)
      return true;
  }
  return false;
}

}  // namespace hfoffline::shim
