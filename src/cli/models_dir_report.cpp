#include "cli/models_dir_report.h"

#include <cerrno>

#include "cache/inventory.h"
#include "cli/message.h"
#include "cli/run_settings.h"
#include "cli/string_tools.h"

namespace hfoffline::cli {
namespace {

// The rest is counted: a broken cache should not scroll the cause away.
constexpr std::size_t kMaximumCacheProblems = 8;

std::string describe_finding(const RunPlan& plan) {
  const std::string dir = cat("models dir ", printable(plan.models_dir));
  const std::string detail = printable(plan.finding.detail);
  const std::string clause = detail.empty() ? "" : cat(": ", detail);
  switch (plan.finding.problem) {
    case ModelsDirProblem::kNone:
      return detail.empty() ? "" : cat(dir, clause);
    case ModelsDirProblem::kEmpty:
      return cat(dir, " holds nothing a client could load", clause,
                 "\n  stage the models first, or mount them there before the run");
    case ModelsDirProblem::kLookAlike:
      return cat(dir, " looks like a cache but is none", clause);
    case ModelsDirProblem::kUnrecognised:
      return cat(dir, " has no layout that clients know", clause,
                 "\n  give the directory that holds hub/, or the one that holds models--ORG--NAME "
                 "directories");
    case ModelsDirProblem::kMissing:
    case ModelsDirProblem::kNotADirectory:
    case ModelsDirProblem::kUnreadable:
      return cat(dir, " cannot be read", clause,
                 plan.finding.error == EMFILE ? "\n  raise the limit of open files (ulimit -n)"
                                              : "\n  give a directory that this user can list");
  }
  return "";
}

std::string describe_layout(const RunPlan& plan) {
  if (plan.finding.layout == Layout::kUnknown || plan.finding.layout == plan.layout) return "";
  return cat("models dir ", printable(plan.models_dir), " is laid out as ",
             layout_name(plan.finding.layout), ", but the setting says ", layout_name(plan.layout),
             "\n  clients will look in the wrong place; leave [cache] layout and --layout out");
}

}  // namespace

std::vector<std::string> models_dir_problems(const RunPlan& plan) {
  std::vector<std::string> problems;
  if (plan.models_dir.empty()) return problems;
  for (std::string text : {describe_finding(plan), describe_layout(plan)}) {
    if (!text.empty()) problems.push_back(std::move(text));
  }
  // Without repositories there is nothing to take stock of; what could not be listed was said.
  if (plan.finding.layout == Layout::kUnknown || plan.finding.error != 0) return problems;
  const Inventory inventory =
      quick_inventory(hub_cache_of(std::string(plan.models_dir), plan.layout));
  std::size_t count = 0;
  for (const CacheProblem& problem : inventory.problems) {
    if (++count <= kMaximumCacheProblems) problems.push_back(describe(problem));
  }
  if (count > kMaximumCacheProblems) {
    problems.push_back(
        cat(count - kMaximumCacheProblems, " more problems of this kind in the cache"));
  }
  return problems;
}

}  // namespace hfoffline::cli
