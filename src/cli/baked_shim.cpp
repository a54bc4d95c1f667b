#include "cli/baked_shim.h"

#include <cstring>
#include <string_view>

#include "cli/string_tools.h"
#include "shim/baked_policy.h"

namespace hfoffline::cli {
namespace {

// The text of the marker may occur elsewhere; the section starts on a page.
std::size_t find_section(const std::string& shim, std::size_t from) {
  constexpr std::string_view kMarker(kBakedPolicyMarker, 16);
  for (std::size_t at = from; at + sizeof(BakedPolicy) <= shim.size();
       at += kBakedPolicyPageBytes) {
    if (std::string_view(shim).substr(at, kMarker.size()) == kMarker) return at;
  }
  return std::string::npos;
}

}  // namespace

std::string put_policy(std::span<const std::uint8_t> policy, std::string& shim) {
  const std::size_t at = find_section(shim, 0);
  if (at == std::string::npos) return "is not a shim of this version: it has no place for a policy";
  if (find_section(shim, at + kBakedPolicyPageBytes) != std::string::npos) {
    return "is not a shim of this version: it has more than one place for a policy";
  }
  BakedPolicy baked;
  std::memcpy(&baked, shim.data() + at, sizeof(baked));
  if (baked.size != 0)
    return "carries a policy already; bake from the installed shim (unset HFOFFLINE_SHIM)";
  if (policy.size() > sizeof(baked.bytes)) {
    return cat("has room for a policy of ", sizeof(baked.bytes), " bytes, and this one has ",
               policy.size(), ": shorten [egress] allow, [cache] protect or [env] set");
  }
  baked.size = static_cast<std::uint32_t>(policy.size());
  std::memcpy(baked.bytes, policy.data(), policy.size());
  std::memcpy(shim.data() + at, &baked, sizeof(baked));
  return "";
}

}  // namespace hfoffline::cli
