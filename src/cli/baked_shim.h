// Putting a policy into the bytes of a shim (shim/baked_policy.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace hfoffline::cli {

// Fills the place for a policy in `shim`, the bytes of a shim's file. Returns "" or why that cannot
// be, as the rest of a sentence that starts with the shim's name; `shim` is then unchanged.
std::string put_policy(std::span<const std::uint8_t> policy, std::string& shim);

}  // namespace hfoffline::cli
