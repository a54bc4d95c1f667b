#include "core/run_state.h"

#include <cstring>
#include <memory>
#include <type_traits>

#include "catch.h"

using namespace hfoffline;

namespace {

constexpr std::size_t kReasons = static_cast<std::size_t>(Reason::count);

// As the launcher makes it: a file of zeros.
std::unique_ptr<RunState> fresh_state() {
  auto state = std::make_unique<RunState>();
  std::memset(state.get(), 0, sizeof(RunState));
  return state;
}

}  // namespace

TEST_CASE("run state: bytes in a file mean the same to every process") {
  STATIC_REQUIRE(std::is_trivially_copyable_v<RunState>);
  STATIC_REQUIRE(std::is_standard_layout_v<RunState>);
  // Counters that are added to atomically.
  STATIC_REQUIRE(offsetof(RunState, refused) % 8 == 0);
  STATIC_REQUIRE(offsetof(RunState, audited) % 8 == 0);
  STATIC_REQUIRE(offsetof(RunState, lost_records) % 8 == 0);
  STATIC_REQUIRE(offsetof(RunState, learned) % 8 == 0);
  STATIC_REQUIRE(sizeof(LearnedAddress) % 4 == 0);
}

TEST_CASE("run state: nothing has happened in a fresh one") {
  const auto state = fresh_state();
  for (std::size_t i = 0; i < static_cast<std::size_t>(Kind::count); ++i) {
    CHECK(refusal_total(*state, static_cast<Kind>(i)) == 0);
  }
  CHECK(audited_total(*state) == 0);
  CHECK(violation_total(*state) == 0);
}

TEST_CASE("run state: each reason counts for its kind, and for violations if it is one") {
  for (std::size_t i = 1; i < kReasons; ++i) {
    const ReasonInfo& info = reason_info(static_cast<Reason>(i));
    CAPTURE(info.code);
    const auto state = fresh_state();
    state->refused[i] = 3;
    for (std::size_t kind = 0; kind < static_cast<std::size_t>(Kind::count); ++kind) {
      CHECK(refusal_total(*state, static_cast<Kind>(kind)) ==
            (static_cast<Kind>(kind) == info.kind ? 3 : 0));
    }
    CHECK(violation_total(*state) == (info.violation ? 3 : 0));
    CHECK(audited_total(*state) == 0);
  }
}

TEST_CASE("run state: what audit mode let through is a refusal of its kind, and no violation") {
  const auto state = fresh_state();
  state->audited[static_cast<std::size_t>(Reason::egress_address)] = 5;
  state->audited[static_cast<std::size_t>(Reason::egress_name)] = 7;
  state->refused[static_cast<std::size_t>(Reason::protected_tree)] = 11;
  CHECK(refusal_total(*state, Kind::egress) == 5);
  CHECK(refusal_total(*state, Kind::name) == 7);
  CHECK(refusal_total(*state, Kind::write) == 11);
  CHECK(audited_total(*state) == 12);
  CHECK(violation_total(*state) == 11);
}

TEST_CASE("run state: totals add up over the reasons of a kind, beyond 32 bits") {
  const auto state = fresh_state();
  constexpr std::uint64_t kMany = std::uint64_t{1} << 33;
  state->refused[static_cast<std::size_t>(Reason::egress_address)] = kMany;
  state->refused[static_cast<std::size_t>(Reason::egress_socket)] = kMany + 1;
  state->refused[static_cast<std::size_t>(Reason::egress_probe)] = 100;
  CHECK(refusal_total(*state, Kind::egress) == 2 * kMany + 1);
  CHECK(refusal_total(*state, Kind::probe) == 100);
  CHECK(violation_total(*state) == 2 * kMany + 1);
}

TEST_CASE("run state: no reason is no refusal") {
  const auto state = fresh_state();
  state->refused[0] = state->audited[0] = 9;
  CHECK(refusal_total(*state, Kind::egress) == 0);
  CHECK(audited_total(*state) == 0);
  CHECK(violation_total(*state) == 0);
}

TEST_CASE("reasons: what counts as a violation") {
  struct Case {
    Reason reason;
    Kind kind;
    bool violation;
  };
  const Case cases[] = {
      {Reason::egress_address, Kind::egress, true},
      {Reason::egress_socket, Kind::egress, true},
      {Reason::egress_name, Kind::name, true},
      {Reason::egress_probe, Kind::probe, false},
      {Reason::protected_tree, Kind::write, true},
      {Reason::env_tamper, Kind::environment, false},
      {Reason::environment_replaced, Kind::environment, false},
      {Reason::exec_static, Kind::exec, false},
      {Reason::exec_own_calls, Kind::exec, false},
      {Reason::exec_foreign, Kind::exec, false},
      {Reason::exec_privileged, Kind::exec, false},
      {Reason::exec_protected, Kind::exec, false},
      {Reason::exec_shim_unreachable, Kind::exec, true},
      {Reason::load_namespace, Kind::exec, false},
      {Reason::load_deep_bind, Kind::exec, false},
      {Reason::allowed_in_test, Kind::allow, false},
  };
  for (const Case& c : cases) {
    const ReasonInfo& info = reason_info(c.reason);
    CAPTURE(info.code);
    CHECK(info.kind == c.kind);
    CHECK(info.violation == c.violation);
    CHECK_FALSE(info.text.empty());
  }
  CHECK(reason_info(Reason::egress_probe).code == "egress_probe");
  CHECK(reason_info(Reason::none).code == "none");
}

TEST_CASE("reasons: kinds are named as their enumerators") {
  CHECK(kind_name(Kind::egress) == "egress");
  CHECK(kind_name(Kind::name) == "name");
  CHECK(kind_name(Kind::write) == "write");
  CHECK(kind_name(Kind::probe) == "probe");
  CHECK(kind_name(Kind::environment) == "environment");
  CHECK(kind_name(Kind::exec) == "exec");
  CHECK(kind_name(Kind::allow) == "allow");
}
