// What /etc/hosts says about a name, for `hfoffline explain`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"

namespace hfoffline::cli {

struct HostsEntry {
  IpAddress address;
  int line = 0;  // 1-based
};

// Every line of a hosts file's text that has the name, ignoring case and a trailing dot.
std::vector<HostsEntry> find_in_hosts(std::string_view text, std::string_view name);

}  // namespace hfoffline::cli
