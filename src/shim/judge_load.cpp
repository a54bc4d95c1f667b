#include "shim/judge_load.h"

#include <dlfcn.h>
#include <errno.h>

#include "shim/next_symbol.h"
#include "shim/policy_source.h"
#include "shim/refusal.h"

namespace hfoffline::shim {
namespace {

constexpr int kDeepBind = 0x8;  // RTLD_DEEPBIND; musl has none and ignores it

std::string_view name_of(const char* file) { return file != nullptr ? file : "the program itself"; }

}  // namespace

int flags_without_deep_bind(const char* operation, const char* file, int flags) {
  if ((flags & kDeepBind) == 0) return flags;
  Refusal refusal;
  refusal.reason = Reason::load_deep_bind;
  refusal.operation = operation;
  refusal.target = name_of(file);
  refusal.verdict = "ignore";
  refusal.rule = "always";
  report(refusal);
  return flags & ~kDeepBind;
}

bool may_leave_namespace(const char* file) {
  const Unshimmed choice = policy().header().unshimmed;
  const bool refuse = choice == Unshimmed::kRefuse;
  Refusal refusal;
  refusal.reason = Reason::load_namespace;
  refusal.operation = "dlmopen";
  refusal.target = name_of(file);
  refusal.error = refuse ? EINVAL : 0;
  refusal.verdict = refuse ? "refuse" : choice == Unshimmed::kAllow ? "allow" : "warn";
  refusal.rule = policy().text(policy().header().unshimmed_rule);
  report(refusal);
  return !refuse;
}

void* hook_instead_of(const char* name, void* found, const void* caller) {
  if (found == nullptr) return nullptr;
  void* own = find_own(name);
  if (own == nullptr || own == found || !is_in_libc(found) || defines_itself(caller, name))
    return found;
  return own;
}

}  // namespace hfoffline::shim
