#include "layers/finding.h"

namespace hfoffline::layers {
namespace {

constexpr FindingKindInfo kKinds[] = {
#define FINDING(identifier, checker, counts, meaning, why) \
  {#identifier, #checker, counts, meaning, why},
#include "layers/finding_kinds.def"
#undef FINDING
};

}  // namespace

const FindingKindInfo& finding_kind_info(FindingKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

}  // namespace hfoffline::layers
