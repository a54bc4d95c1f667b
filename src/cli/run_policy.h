// The policy of a run as the environment string its processes get.
#pragma once

#include <string_view>
#include <vector>

#include "core/policy_format.h"
#include "core/policy_transport.h"
#include "core/run_plan.h"

namespace hfoffline::cli {

class EncodedPolicy {
 public:
  std::string_view view() const { return {text_.data(), text_.size()}; }

 private:
  friend bool encode_run_policy(const RunPlan&, const RunFiles&, EncodedPolicy&, Diagnostic&);
  std::vector<char> text_;
};

// False (`problem` filled) if the policy does not fit.
bool encode_run_policy(const RunPlan& plan, const RunFiles& files, EncodedPolicy& policy,
                       Diagnostic& problem);

// A built policy in memory of its own, aligned as Policy::attach wants it.
struct BuiltPolicy {
  std::vector<std::uint64_t> storage;
  std::size_t size = 0;
  const std::uint8_t* bytes() const {
    return reinterpret_cast<const std::uint8_t*>(storage.data());
  }
};
bool build_run_policy(const RunPlan& plan, const RunFiles& files, BuiltPolicy& policy,
                      Diagnostic& problem);

}  // namespace hfoffline::cli
