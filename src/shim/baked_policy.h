// The place in the shim's file where `hfoffline bake` writes a policy.
//
// It is a read-only section of its own pages: if a baked shim is loaded, its policy is there:
// nothing to open or decode.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hfoffline {

#if defined(__APPLE__)
#define HFOFFLINE_BAKED_SECTION "__TEXT,__hfoffline"  // `bake` knows ELF only; nothing fills it
#else
#define HFOFFLINE_BAKED_SECTION ".hfoffline_policy"
#endif
inline constexpr char kBakedPolicySection[] = HFOFFLINE_BAKED_SECTION;
// `bake` looks for these 16 bytes at the start of the section.
inline constexpr char kBakedPolicyMarker[17] = "hfoffline-policy";
inline constexpr std::size_t kBakedPolicyPageBytes = 4096;
inline constexpr std::size_t kBakedPolicyBytes = 5 * kBakedPolicyPageBytes;

struct BakedPolicy {
  char marker[16];
  std::uint32_t size;  // of the policy; 0: none is baked in
  std::uint32_t padding[11];
  std::uint8_t bytes[kBakedPolicyBytes - 64];
};
static_assert(sizeof(BakedPolicy) == kBakedPolicyBytes);
static_assert(offsetof(BakedPolicy, bytes) == 64);

}  // namespace hfoffline
