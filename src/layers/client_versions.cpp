#include "layers/client_versions.h"

#include "cli/string_tools.h"
#include "core/text.h"

namespace hfoffline::layers {
namespace {

// The number that a component such as "57" or "0rc1" starts with.
std::uint64_t number_of(std::string_view component) {
  std::size_t digits = 0;
  while (digits < component.size() && is_ascii_digit(component[digits])) ++digits;
  std::uint64_t number = 0;
  parse_decimal(slice(component, 0, digits), UINT64_MAX / 2, &number);
  return number;
}

// Compares as many components as `limit` has: less than 0, 0 or more than 0.
int compare_to_limit(std::string_view version, std::string_view limit) {
  const std::vector<std::string_view> have = cli::split(version, ".");
  const std::vector<std::string_view> want = cli::split(limit, ".");
  for (std::size_t i = 0; i < want.size(); ++i) {
    const std::uint64_t mine = i < have.size() ? number_of(have[i]) : 0;
    const std::uint64_t theirs = number_of(want[i]);
    if (mine != theirs) return mine < theirs ? -1 : 1;
  }
  return 0;
}

}  // namespace

std::string distribution_of_title(std::string_view title) {
  const std::size_t bracket = title.find(" (");
  if (bracket == title.npos || title.find("Python", bracket) == title.npos) return "";
  const std::string_view first = title.substr(0, title.find_first_of(", ("));
  // "torch.hub" is a module of torch.
  return canonical_distribution_name(first == "torch.hub" ? "torch" : first);
}

std::string installed_version(const std::vector<Distribution>& installed,
                              std::string_view distribution) {
  for (const Distribution& candidate : installed) {
    if (candidate.canonical == distribution) return candidate.version;
  }
  return "";
}

bool reads_variable(std::string_view version, const PresetVariable& row) {
  if (version.empty()) return true;
  if (!row.since.empty() && compare_to_limit(version, row.since) < 0) return false;
  return row.until.empty() || compare_to_limit(version, row.until) <= 0;
}

}  // namespace hfoffline::layers
