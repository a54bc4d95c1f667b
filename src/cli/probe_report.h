// What hfoffline-probe tells `hfoffline doctor`: one line per step on stdout, fields separated by
// tabs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hfoffline::cli {

struct ProbeStep {
  std::string name;  // "inside", "hooks", "connect", "outside", "loopback"
  bool ok = false;
  double milliseconds = 0;
  std::string detail;
};

// Lines that are no steps are left out.
std::vector<ProbeStep> parse_probe_report(std::string_view text);

}  // namespace hfoffline::cli
