#include "cli/shell_quote.h"

#include <algorithm>

#include "cli/string_tools.h"
#include "core/text.h"

namespace hfoffline::cli {
namespace {

bool is_alphanumeric(char c) {
  return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

}  // namespace

std::string shell_quote(std::string_view text) {
  constexpr std::string_view kPlain = "_-./:,+@%=";
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alphanumeric(c) || kPlain.find(c) != kPlain.npos;
  });
  if (plain) return std::string(text);
  return cat("'", replace_all(text, {{"'", "'\\''"}}), "'");
}

bool is_shell_name(std::string_view name) {
  if (name.empty() || is_ascii_digit(name[0])) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return c == '_' || is_alphanumeric(c); });
}

}  // namespace hfoffline::cli
