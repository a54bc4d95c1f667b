#include "shim/shared_state.h"

#include "core/decide.h"
#include "core/sys.h"
#include "core/text.h"
#include "shim/message.h"
#include "shim/policy_source.h"
#include "shim/test_allowance.h"

namespace hfoffline::shim {
namespace {

RunState own_state;
RunState* mapped;

RunState* map_state() {
  const std::string_view file = policy().text(policy().header().run_state_file);
  if (file.empty()) return &own_state;
  const long descriptor = sys::open(file.data(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return &own_state;
  sys::Stat status;
  RunState* result = &own_state;
  // A shorter file would be a SIGBUS at the first access behind its end.
  if (sys::fstat(static_cast<int>(descriptor), &status) == 0 && status.size >= sizeof(RunState)) {
    const long memory = sys::mmap(sizeof(RunState), 3 /* read, write */, 1 /* shared */,
                                  static_cast<int>(descriptor));
    if (!sys::failed(memory)) {
      auto* state = reinterpret_cast<RunState*>(memory);
      if (state->version == kRunStateVersion) {
        result = state;
      } else {
        sys::munmap(state, sizeof(RunState));
      }
    }
  }
  sys::close(static_cast<int>(descriptor));
  return result;
}

// The last name that this process resolved to an address, whatever others in the run did since: one
// word each, of the address's hash and a NameReference. Only ever shown to people, so a collision
// does no harm. A forked child starts with its parent's.
std::uint64_t own_names[1024];

std::uint64_t& own_name_slot(std::uint64_t hash) { return own_names[hash % 1024]; }

// The first row of the policy with this name, or the number of rows. One is enough: decide_name()
// looks at all of them.
std::uint32_t policy_row_of(std::string_view name) {
  const auto count = static_cast<std::uint32_t>(policy().name_count());
  if (!decide_name(policy(), name, 0).allowed) return count;
  if (name.size() > 1 && name.back() == '.') name.remove_suffix(1);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (equals_ignoring_case(name, policy().text(policy().name(i).name))) return i;
  }
  return count;
}

// Every address of one more lookup would be refused without a word of why.
void say_full(std::string_view name) {
  static std::uint32_t said;
  if (policy().quiet() || __atomic_exchange_n(&said, 1, __ATOMIC_RELAXED) != 0) return;
  char text[512];
  Appender message(text);
  message.add("hfoffline: allowed names have resolved to ").add_number(kAllowedSlots);
  message.add(" addresses in this run; further ones, now of ").add(slice(name, 0, 256));
  message.add(", are refused (allow their network instead)\n");
  write_message(message.view());
}

}  // namespace

RunState& run_state() {
  RunState* state = __atomic_load_n(&mapped, __ATOMIC_ACQUIRE);
  if (state == nullptr) {
    state = map_state();
    __atomic_store_n(&mapped, state, __ATOMIC_RELEASE);
  }
  return *state;
}

void learn_address(const IpAddress& address, std::string_view name) {
  // Never refused, so nobody asks; and localhost is looked up often.
  if (is_loopback_or_unspecified(address)) return;
  LearnedTables& tables = run_state().learned;
  const std::uint32_t row = policy_row_of(name);
  NameReference reference = kNoName;
  if (row < policy().name_count()) {
    reference = kPolicyName | row;
    if (!learn_allowed(tables, address, row)) say_full(name);
  } else {
    reference = keep_name(tables, name);
    if (reference == kNoName) return;
    if (test_may_look_up(name) && !learn_allowed(tables, address, kTestName | reference))
      say_full(name);
  }
  learn_name(tables, address, reference);
  const std::uint64_t hash = address_hash(address);
  __atomic_store_n(&own_name_slot(hash), hash >> 32 << 32 | reference, __ATOMIC_RELAXED);
}

bool is_learned(const Endpoint& endpoint) {
  const LearnedTables& tables = run_state().learned;
  std::size_t position = 0;
  std::uint32_t row = 0;
  while (next_allowed(tables, endpoint.address, &position, &row)) {
    if (row < policy().name_count() &&
        decide_name(policy(), policy().text(policy().name(row).name), endpoint.port).allowed) {
      return true;
    }
  }
  return false;
}

bool is_learned_from(const IpAddress& address, std::string_view name) {
  const LearnedTables& tables = run_state().learned;
  std::size_t position = 0;
  std::uint32_t row = 0;
  while (next_allowed(tables, address, &position, &row)) {
    std::string_view known = (row & kTestName) != 0        ? kept_name(tables, row & ~kTestName)
                             : row < policy().name_count() ? policy().text(policy().name(row).name)
                                                           : std::string_view();
    if (known.size() > 1 && known.back() == '.') known.remove_suffix(1);
    if (equals_ignoring_case(known, name)) return true;
  }
  return false;
}

NameReference last_name(const IpAddress& address) {
  const std::uint64_t hash = address_hash(address);
  const std::uint64_t own = __atomic_load_n(&own_name_slot(hash), __ATOMIC_RELAXED);
  if (own != 0 && own >> 32 == hash >> 32) return static_cast<NameReference>(own);
  return learned_name(run_state().learned, address);
}

std::string_view name_text(NameReference reference) {
  if (reference == kNoName) return {};
  if ((reference & kPolicyName) == 0) return kept_name(run_state().learned, reference);
  const std::uint32_t row = reference & ~kPolicyName;
  return row < policy().name_count() ? policy().text(policy().name(row).name) : std::string_view();
}

}  // namespace hfoffline::shim
