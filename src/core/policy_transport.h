// How a policy travels from process to process: as one environment string.
//
// HFOFFLINE_POLICY=<base64url of the block, no padding>. Measured against a copy of the shim with
// the policy patched in: see docs/architecture.md. Text, because programs print and re-encode
// environments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/text.h"

namespace hfoffline {

inline constexpr std::string_view kPolicyVariable = "HFOFFLINE_POLICY";

constexpr std::size_t encoded_policy_size(std::size_t size) { return (size * 4 + 2) / 3; }

// Writes exactly encoded_policy_size(size) bytes to `out`, no NUL.
void encode_policy(const std::uint8_t* bytes, std::size_t size, char* out);

// Returns the decoded size, or 0 if `text` is not base64url or does not fit.
[[gnu::hot]] std::size_t decode_policy(std::string_view text, std::uint8_t* out,
                                       std::size_t capacity);

}  // namespace hfoffline
