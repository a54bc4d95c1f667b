#include "cli/probe_report.h"

#include <charconv>

#include "cli/string_tools.h"

namespace hfoffline::cli {

std::vector<ProbeStep> parse_probe_report(std::string_view text) {
  std::vector<ProbeStep> steps;
  for (const std::string_view line : split_skipping_empty(text, "\n")) {
    const std::vector<std::string_view> fields = split(line, "\t");
    if (fields.size() != 4 || (fields[1] != "ok" && fields[1] != "failed")) continue;
    ProbeStep step;
    const char* end = fields[2].data() + fields[2].size();
    const auto parsed = std::from_chars(fields[2].data(), end, step.milliseconds);
    if (parsed.ec != std::errc() || parsed.ptr != end) continue;
    step.name = fields[0];
    step.ok = fields[1] == "ok";
    step.detail = fields[3];
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace hfoffline::cli
