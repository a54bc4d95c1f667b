#include "cli/run_policy.h"

namespace hfoffline::cli {

bool build_run_policy(const RunPlan& plan, const RunFiles& files, BuiltPolicy& policy,
                      Diagnostic& problem) {
  policy.storage.resize(kMaximumPolicyBytes / sizeof(std::uint64_t));
  auto* bytes = reinterpret_cast<std::uint8_t*>(policy.storage.data());
  return build_policy(plan, files, bytes, kMaximumPolicyBytes, &policy.size, problem);
}

bool encode_run_policy(const RunPlan& plan, const RunFiles& files, EncodedPolicy& policy,
                       Diagnostic& problem) {
  BuiltPolicy built;
  if (!build_run_policy(plan, files, built, problem)) return false;
  policy.text_.resize(encoded_policy_size(built.size));
  encode_policy(built.bytes(), built.size, policy.text_.data());
  return true;
}

}  // namespace hfoffline::cli
