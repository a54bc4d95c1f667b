#include "cli/string_tools.h"

#include "absl/strings/str_replace.h"

namespace hfoffline::cli {
namespace {

std::vector<std::string_view> split_by(std::string_view text, std::string_view separators,
                                       bool skip_empty) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0;;) {
    const std::size_t end = text.find_first_of(separators, start);
    const std::string_view part = text.substr(start, end == text.npos ? text.npos : end - start);
    if (!part.empty() || !skip_empty) parts.push_back(part);
    if (end == text.npos) return parts;
    start = end + 1;
  }
}

}  // namespace

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  return split_by(text, separators, false);
}

std::vector<std::string_view> split_skipping_empty(std::string_view text,
                                                   std::string_view separators) {
  return split_by(text, separators, true);
}

std::string replace_all(
    std::string_view text,
    std::initializer_list<std::pair<std::string_view, std::string_view>> replacements) {
  std::vector<std::pair<absl::string_view, absl::string_view>> converted;
  for (const auto& [from, to] : replacements) converted.emplace_back(to_absl(from), to_absl(to));
  return absl::StrReplaceAll(to_absl(text), converted);
}

std::string_view strip_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t start = text.find_first_not_of(kBlanks);
  if (start == text.npos) return {};
  return text.substr(start, text.find_last_not_of(kBlanks) - start + 1);
}

}  // namespace hfoffline::cli
