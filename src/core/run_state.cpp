#include "core/run_state.h"

namespace hfoffline {
namespace {

std::uint64_t load(const std::uint64_t& counter) {
  return __atomic_load_n(&counter, __ATOMIC_RELAXED);
}

constexpr std::size_t kReasons = static_cast<std::size_t>(Reason::count);

}  // namespace

std::uint64_t refusal_total(const RunState& state, Kind kind) {
  std::uint64_t total = 0;
  for (std::size_t i = 1; i < kReasons; ++i) {
    if (reason_info(static_cast<Reason>(i)).kind == kind)
      total += load(state.refused[i]) + load(state.audited[i]);
  }
  return total;
}

std::uint64_t audited_total(const RunState& state) {
  std::uint64_t total = 0;
  for (std::size_t i = 1; i < kReasons; ++i) total += load(state.audited[i]);
  return total;
}

std::uint64_t violation_total(const RunState& state) {
  std::uint64_t total = 0;
  for (std::size_t i = 1; i < kReasons; ++i) {
    if (reason_info(static_cast<Reason>(i)).violation) total += load(state.refused[i]);
  }
  return total;
}

}  // namespace hfoffline
