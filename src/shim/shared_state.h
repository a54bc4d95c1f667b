// This process's view of what the run shares (core/run_state.h).
#pragma once

#include <cstdint>
#include <string_view>

#include "core/address.h"
#include "core/decide.h"
#include "core/run_state.h"

namespace hfoffline::shim {

// The run's state, mapped at the first call; where there is no launcher, or its file is out of
// reach, a state of this process alone. Never null. Async-signal-safe.
RunState& run_state();
// Before the root directory changes: the file may be out of reach afterwards, and the totals of
// this process would be lost.
inline void open_run_state() { run_state(); }

// Remembers that `name` resolved to `address`, for everybody in the run. If the allow-list names
// it, the address may then be reached on the ports that the list gives the name; if a rule of the
// running test does, by that test for as long as the rule holds.
void learn_address(const IpAddress& address, std::string_view name);

// Whether any allow-listed name that may be reached on this port resolved to the address.
bool is_learned(const Endpoint& endpoint);

// Whether this name, which the allow-list or a test names, resolved to the address.
bool is_learned_from(const IpAddress& address, std::string_view name);

// The name that this process last resolved to the address, else the last of another process of the
// run; kNoName if nobody did. The same for the same name, as long as the run lasts.
NameReference last_name(const IpAddress& address);
std::string_view name_text(NameReference reference);  // empty for kNoName

}  // namespace hfoffline::shim
