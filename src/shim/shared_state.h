// This process's view of what the run shares (core/run_state.h).
#pragma once

#include <cstdint>
#include <string_view>

#include "core/address.h"
#include "core/run_state.h"

namespace hfoffline::shim {

// The run's state, mapped at the first call; where there is no launcher, or its file is out of
// reach, a state of this process alone. Never null. Async-signal-safe.
RunState& run_state();
// Before the root directory changes: the file may be out of reach afterwards, and the totals of
// this process would be lost.
inline void open_run_state() { run_state(); }

// Remembers that `name` resolved to `address`; `allowed`: because the allow-list names it.
void learn_address(const IpAddress& address, std::string_view name, bool allowed);

// The entry of an address some process of the run resolved a name to, or nullptr.
const LearnedAddress* find_learned(const IpAddress& address);

}  // namespace hfoffline::shim
