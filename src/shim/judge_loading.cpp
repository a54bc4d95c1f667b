#include "shim/judge_loading.h"

#include <dlfcn.h>

#include <string_view>

#include "shim/judge_exec.h"
#include "shim/policy_source.h"
#include "shim/refusal.h"

namespace hfoffline::shim {

int without_deep_binding(const char* operation, const char* path, int flags) {
  if (path == nullptr) return flags & ~RTLD_DEEPBIND;
  const std::string_view target(path);
  const std::uint64_t key = refusal_key(operation, path, target.size());
  if (!count_repeated(key, Reason::load_deep_bind)) {
    Refusal refusal;
    refusal.reason = Reason::load_deep_bind;
    refusal.operation = operation;
    refusal.target = target;
    refusal.verdict = "ignore";
    refusal.rule = "default";
    report(key, refusal);
  }
  return flags & ~RTLD_DEEPBIND;
}

int judge_loading_apart(const char* path) {
  return path == nullptr ? 0 : answer_unshimmed("dlmopen", path, Reason::load_namespace);
}

}  // namespace hfoffline::shim
