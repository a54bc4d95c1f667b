#include "cli/child_environment.h"

#include <algorithm>

#include "cli/string_tools.h"
#include "core/policy_transport.h"
#include "core/settings.h"

namespace hfoffline::cli {
namespace {

constexpr char kPreload[] = "LD_PRELOAD";
constexpr char kAsanOptions[] = "ASAN_OPTIONS";
constexpr std::string_view kAsanSwitch = "verify_asan_link_order=0";

// LD_AUDIT: an auditing library is loaded before the shim and could take its place.
constexpr std::string_view kRemoved[] = {kPolicyVariable, "HFOFFLINE_CHECKIN", "LD_AUDIT"};

std::string_view name_of(const char* entry) {
  const std::string_view text = entry;
  return text.substr(0, text.find('='));
}

bool is_planned(const EnvironmentPlan& plan, std::string_view name) {
  const PlannedVariable* begin = plan.variables;
  const PlannedVariable* end = begin + plan.count;
  const PlannedVariable* found = std::lower_bound(
      begin, end, name, [](const PlannedVariable& variable, std::string_view wanted) {
        return variable.name < wanted;
      });
  return found != end && found->name == name;
}

std::vector<std::string_view> preload_entries(std::string_view value) {
  return split_skipping_empty(value, " :");
}

}  // namespace

ChildEnvironment::ChildEnvironment(const char* const* parent, const EnvironmentPlan& plan) {
  for (; parent != nullptr && *parent != nullptr; ++parent) {
    const std::string_view name = name_of(*parent);
    if (is_planned(plan, name)) continue;
    if (std::find(std::begin(kRemoved), std::end(kRemoved), name) != std::end(kRemoved)) continue;
    entries_.push_back(*parent);
  }
  for (std::size_t i = 0; i < plan.count; ++i) {
    if (plan.variables[i].set) entries_.push_back(plan.variables[i].text.data());
  }
}

void ChildEnvironment::set(std::string_view name, std::string_view value) {
  remove(name);
  owned_.push_back(cat(name, "=", value));
  entries_.push_back(owned_.back().c_str());
}

void ChildEnvironment::remove(std::string_view name) {
  std::erase_if(entries_, [&](const char* entry) { return name_of(entry) == name; });
}

const char* ChildEnvironment::get(const char* name) const {
  for (const char* entry : entries_) {
    const std::string_view found = name_of(entry);
    if (found == name && entry[found.size()] == '=') return entry + found.size() + 1;
  }
  return nullptr;
}

void ChildEnvironment::preload(std::string_view shim) {
  std::string value(shim);
  if (const char* present = get(kPreload)) {
    for (const std::string_view entry : preload_entries(present)) {
      if (entry != shim) append(&value, ":", entry);
    }
  }
  set(kPreload, value);
}

void ChildEnvironment::allow_asan_behind_shim() {
  const char* present = get(kAsanOptions);
  if (present == nullptr || *present == '\0') return set(kAsanOptions, kAsanSwitch);
  if (std::string_view(present).find(kAsanSwitch) != std::string_view::npos) return;
  // The last one wins.
  set(kAsanOptions, cat(present, ":", kAsanSwitch));
}

char* const* ChildEnvironment::entries() {
  terminated_ = entries_;
  terminated_.push_back(nullptr);
  return const_cast<char* const*>(terminated_.data());
}

bool preload_names(std::string_view preload, std::string_view path) {
  const std::vector<std::string_view> entries = preload_entries(preload);
  return std::find(entries.begin(), entries.end(), path) != entries.end();
}

}  // namespace hfoffline::cli
