#include "core/learned.h"

#include <cstring>
#include <memory>
#include <set>
#include <string>

#include "catch.h"

using namespace hfoffline;

namespace {

std::unique_ptr<LearnedTables> fresh_tables() {
  auto tables = std::make_unique<LearnedTables>();
  std::memset(tables.get(), 0, sizeof(LearnedTables));
  return tables;
}

IpAddress address(unsigned number) {
  const std::uint8_t bytes[4] = {10, static_cast<std::uint8_t>(number >> 16),
                                 static_cast<std::uint8_t>(number >> 8),
                                 static_cast<std::uint8_t>(number)};
  return address_from_v4(bytes);
}

std::multiset<std::uint32_t> allowed_rows(const LearnedTables& tables, const IpAddress& of) {
  std::multiset<std::uint32_t> rows;
  std::size_t position = 0;
  std::uint32_t row = 0;
  while (next_allowed(tables, of, &position, &row)) rows.insert(row);
  return rows;
}

}  // namespace

TEST_CASE("learned: every allow-listed name of a shared address is kept, once") {
  const auto tables = fresh_tables();
  CHECK(allowed_rows(*tables, address(1)).empty());
  CHECK(learn_allowed(*tables, address(1), 7));
  CHECK(learn_allowed(*tables, address(1), 0));
  CHECK(learn_allowed(*tables, address(1), 7));
  CHECK(learn_allowed(*tables, address(2), 3));
  CHECK(allowed_rows(*tables, address(1)) == std::multiset<std::uint32_t>{0, 7});
  CHECK(allowed_rows(*tables, address(2)) == std::multiset<std::uint32_t>{3});
  CHECK(allowed_rows(*tables, address(3)).empty());
}

TEST_CASE("learned: a full table says so, forgets nothing and allows nothing else") {
  const auto tables = fresh_tables();
  for (unsigned i = 0; i < kAllowedSlots; ++i) REQUIRE(learn_allowed(*tables, address(i), 1));
  CHECK_FALSE(learn_allowed(*tables, address(kAllowedSlots), 1));
  CHECK(learn_allowed(*tables, address(5), 1));
  CHECK_FALSE(learn_allowed(*tables, address(5), 2));
  for (unsigned i = 0; i < kAllowedSlots; i += 97) {
    CHECK(allowed_rows(*tables, address(i)) == std::multiset<std::uint32_t>{1});
  }
  CHECK(allowed_rows(*tables, address(kAllowedSlots)).empty());
}

TEST_CASE("learned: names nobody allowed take no room from the allowed ones") {
  const auto tables = fresh_tables();
  for (unsigned i = 0; i < 2 * kNamedSlots; ++i) {
    learn_name(*tables, address(i), keep_name(*tables, "host" + std::to_string(i)));
  }
  CHECK(learn_allowed(*tables, address(1), 1));
  CHECK(learned_name(*tables, address(2 * kNamedSlots - 1)) == kNoName);
}

TEST_CASE("learned: the last name of an address counts") {
  const auto tables = fresh_tables();
  CHECK(learned_name(*tables, address(1)) == kNoName);
  const NameReference first = keep_name(*tables, "first.test");
  const NameReference second = keep_name(*tables, "second.test");
  REQUIRE(first != second);
  learn_name(*tables, address(1), first);
  learn_name(*tables, address(1), second);
  CHECK(kept_name(*tables, learned_name(*tables, address(1))) == "second.test");
  learn_name(*tables, address(1), kPolicyName | 4);
  CHECK(learned_name(*tables, address(1)) == (kPolicyName | 4));
}

TEST_CASE("learned: a name is kept once, whole, and however it is spelt") {
  const auto tables = fresh_tables();
  const NameReference reference = keep_name(*tables, "Cdn.Example.test");
  CHECK(keep_name(*tables, "cdn.example.TEST") == reference);
  CHECK(kept_name(*tables, reference) == "Cdn.Example.test");
  std::string longest;
  while (longest.size() < kMaximumNameBytes) longest += longest.size() % 64 == 63 ? '.' : 'a';
  CHECK(kept_name(*tables, keep_name(*tables, longest)) == longest);
  CHECK(keep_name(*tables, longest + "..") == kNoName);
  CHECK(kept_name(*tables, kNoName).empty());
  CHECK(kept_name(*tables, 5000).empty());
}

TEST_CASE("learned: a full table of names keeps those it has") {
  const auto tables = fresh_tables();
  for (unsigned i = 0; i < kNameSlots; ++i) {
    REQUIRE(keep_name(*tables, "host" + std::to_string(i)) != kNoName);
  }
  CHECK(keep_name(*tables, "one.more") == kNoName);
  CHECK(kept_name(*tables, keep_name(*tables, "host99")) == "host99");
}

TEST_CASE("learned: a slot whose writer was killed is passed over") {
  const auto tables = fresh_tables();
  for (LearnedAddress& entry : tables->allowed) {
    if (&entry - tables->allowed < 4000) entry.state = 1;
  }
  CHECK(learn_allowed(*tables, address(1), 1));
  CHECK(allowed_rows(*tables, address(1)) == std::multiset<std::uint32_t>{1});
}
