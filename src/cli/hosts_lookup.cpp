#include "cli/hosts_lookup.h"

#include "cli/string_tools.h"
#include "core/text.h"

namespace hfoffline::cli {

std::vector<HostsEntry> find_in_hosts(std::string_view text, std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::vector<HostsEntry> result;
  int number = 0;
  for (std::string_view line : split(text, "\n")) {
    ++number;
    line = line.substr(0, line.find('#'));
    const std::vector<std::string_view> words = split_skipping_empty(line, " \t\r");
    HostsEntry entry{.address = {}, .line = number};
    if (words.size() < 2 || !parse_address(words[0], &entry.address)) continue;
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (!equals_ignoring_case(words[i], name)) continue;
      result.push_back(entry);
      break;
    }
  }
  return result;
}

}  // namespace hfoffline::cli
