#include <cstring>

#include "catch.h"
#include "cli/baked_shim.h"
#include "shim/baked_policy.h"

using namespace hfoffline;
using namespace hfoffline::cli;

namespace {

std::string shim_with_section(std::size_t page) {
  std::string bytes(page * kBakedPolicyPageBytes, '\1');
  BakedPolicy place = {};
  std::memcpy(place.marker, kBakedPolicyMarker, sizeof(place.marker));
  bytes.append(reinterpret_cast<const char*>(&place), sizeof(place));
  bytes.append(100, '\2');
  return bytes;
}

}  // namespace

TEST_CASE("a policy is put into the section, and nothing else changes") {
  const std::string before = shim_with_section(3);
  std::string shim = before;
  const std::uint8_t policy[] = {1, 2, 3};
  REQUIRE(put_policy(policy, shim) == "");
  REQUIRE(shim.size() == before.size());
  BakedPolicy place;
  std::memcpy(&place, shim.data() + 3 * kBakedPolicyPageBytes, sizeof(place));
  CHECK(place.size == 3);
  CHECK(place.bytes[0] == 1);
  CHECK(place.bytes[2] == 3);
  CHECK(place.bytes[3] == 0);
  std::size_t differing = 0;
  for (std::size_t i = 0; i < shim.size(); ++i) differing += shim[i] != before[i] ? 1 : 0;
  CHECK(differing == 4);
}

TEST_CASE("what is no shim, or has a policy, or too little room, is left as it is") {
  const std::uint8_t policy[] = {1};
  std::string none(100000, 'x');
  CHECK(put_policy(policy, none).find("no place for a policy") != std::string::npos);
  // The marker as a text that is not at the start of a page.
  std::string elsewhere = "x" + shim_with_section(0);
  CHECK(put_policy(policy, elsewhere).find("no place for a policy") != std::string::npos);
  std::string cut = shim_with_section(1).substr(0, 2 * kBakedPolicyPageBytes);
  CHECK(put_policy(policy, cut).find("no place for a policy") != std::string::npos);
  std::string twice = shim_with_section(0).substr(0, sizeof(BakedPolicy)) + shim_with_section(0);
  CHECK(put_policy(policy, twice).find("more than one place") != std::string::npos);
  std::string baked = shim_with_section(2);
  REQUIRE(put_policy(policy, baked) == "");
  const std::string once = baked;
  CHECK(put_policy(policy, baked).find("carries a policy already") != std::string::npos);
  CHECK(baked == once);
  std::string shim = shim_with_section(1);
  const std::vector<std::uint8_t> large(kBakedPolicyBytes);
  CHECK(put_policy(large, shim).find("has room for a policy of") != std::string::npos);
  CHECK(shim == shim_with_section(1));
}
