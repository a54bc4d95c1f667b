// Starts hfoffline-probe inside a run, serves it one page on loopback, and collects what it says.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/probe_report.h"

namespace hfoffline::cli {

struct LiveProbe {
  std::vector<ProbeStep> steps;
  std::string page;      // what the loopback server answered with, a text of this probe alone
  int exit_code = 0;     // of the run
  std::string messages;  // what the run said on stderr
  std::string problem;   // why nothing could be started; then the rest is empty
};

LiveProbe run_live_probe(const Context& context);

}  // namespace hfoffline::cli
