#include "core/test_rules.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "catch.h"

using namespace hfoffline;

namespace {

constexpr std::uint32_t kOwner = 100;

std::unique_ptr<TestRules> fresh_table() {
  auto table = std::make_unique<TestRules>();
  std::memset(table.get(), 0, sizeof(TestRules));
  return table;
}

std::vector<std::string> rules_of(const TestRules& table, std::string_view test) {
  std::vector<std::string> result;
  char text[kMaximumTestRuleBytes + 1];
  std::size_t position = 0;
  while (next_test_rule(table, test_rule_hash(test), &position, text)) result.emplace_back(text);
  return result;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE(
    "test rules: pytest's phase is no part of a test's name, and nothing else is taken away") {
  CHECK(without_phase("a.py::b (setup)") == "a.py::b");
  CHECK(without_phase("a.py::b (call)") == "a.py::b");
  CHECK(without_phase("a.py::b (teardown)") == "a.py::b");
  CHECK(without_phase("a.py::b[x (call)]") == "a.py::b[x (call)]");
  CHECK(without_phase("a.py::b (call) (call)") == "a.py::b (call)");
  CHECK(without_phase("a.py::b") == "a.py::b");
  CHECK(without_phase(" (call)") == " (call)");
  CHECK(without_phase("").empty());
  CHECK(test_rule_hash("a.py::b (call)") == test_rule_hash("a.py::b"));
  CHECK(test_rule_hash("a.py::b") != test_rule_hash("a.py::c"));
}

TEST_CASE("test rules: they hold for their test, until their maker ends them") {
  const auto table = fresh_table();
  CHECK(rules_of(*table, "a.py::b").empty());
  REQUIRE(add_test_rule(*table, test_rule_hash("a.py::b"), kOwner, "minio.ci:9000"));
  REQUIRE(add_test_rule(*table, test_rule_hash("a.py::b"), kOwner, "10.0.0.0/8"));
  REQUIRE(add_test_rule(*table, test_rule_hash("a.py::c"), kOwner, "other.ci"));
  REQUIRE(add_test_rule(*table, test_rule_hash("a.py::b"), kOwner + 1, "of.another.process"));
  CHECK(rules_of(*table, "a.py::b (teardown)") ==
        Texts{"minio.ci:9000", "10.0.0.0/8", "of.another.process"});
  CHECK(rules_of(*table, "a.py::bb").empty());

  remove_test_rules(*table, test_rule_hash("a.py::b"), kOwner);
  CHECK(rules_of(*table, "a.py::b") == Texts{"of.another.process"});
  CHECK(rules_of(*table, "a.py::c") == Texts{"other.ci"});
  remove_test_rules(*table, test_rule_hash("a.py::c"), kOwner);
  remove_test_rules(*table, test_rule_hash("a.py::b"), kOwner + 1);
  CHECK(table->active == 0);
}

TEST_CASE("test rules: a full table takes no more, and takes again what became free") {
  const auto table = fresh_table();
  for (std::size_t i = 0; i < kTestRuleSlots; ++i)
    REQUIRE(add_test_rule(*table, test_rule_hash("full"), kOwner, "host" + std::to_string(i)));
  CHECK_FALSE(add_test_rule(*table, test_rule_hash("more"), kOwner, "host"));
  CHECK(rules_of(*table, "full").size() == kTestRuleSlots);
  remove_test_rules(*table, test_rule_hash("full"), kOwner);
  CHECK(add_test_rule(*table, test_rule_hash("more"), kOwner, "host"));
  CHECK(rules_of(*table, "more") == Texts{"host"});
}

TEST_CASE("test rules: a rule that is too long is not cut") {
  const auto table = fresh_table();
  CHECK(add_test_rule(*table, 7, kOwner, std::string(kMaximumTestRuleBytes, 'a')));
  CHECK_FALSE(add_test_rule(*table, 7, kOwner, std::string(kMaximumTestRuleBytes + 1, 'a')));
}

TEST_CASE("test rules: an entry whose writer was killed half way allows nothing") {
  const auto table = fresh_table();
  REQUIRE(add_test_rule(*table, test_rule_hash("a"), kOwner, "minio.ci"));
  ++table->rules[0].sequence;  // where a writer begins
  CHECK(rules_of(*table, "a").empty());
  // And nobody waits for it.
  REQUIRE(add_test_rule(*table, test_rule_hash("b"), kOwner, "other.ci"));
  CHECK(rules_of(*table, "b") == Texts{"other.ci"});
}

TEST_CASE("test rules: a reader never sees one test's rule under another's name") {
  const auto table = fresh_table();
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::thread reader([&] {
    char text[kMaximumTestRuleBytes + 1];
    while (!stop) {
      for (const char* name : {"aaaa", "bbbb"}) {
        std::size_t position = 0;
        while (next_test_rule(*table, test_rule_hash(name), &position, text)) {
          if (std::string_view(text) != std::string(200, name[0])) ++wrong;
        }
      }
    }
  });
  for (int i = 0; i < 20000; ++i) {
    const char* name = i % 2 == 0 ? "aaaa" : "bbbb";
    add_test_rule(*table, test_rule_hash(name), kOwner, std::string(200, name[0]));
    remove_test_rules(*table, test_rule_hash(name), kOwner);
  }
  stop = true;
  reader.join();
  CHECK(wrong == 0);
  CHECK(table->active == 0);
}
