#include "shim/shared_state.h"

#include "core/sys.h"
#include "core/text.h"
#include "shim/policy_source.h"

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

std::size_t slot_of(const IpAddress& address) {
  std::uint32_t hash = 2166136261U;
  for (const std::uint8_t byte : address.bytes) hash = (hash ^ byte) * 16777619U;
  return (hash ^ hash >> 16) % kLearnedSlots;
}

bool is_entry_of(const LearnedAddress& entry, const IpAddress& address) {
  return __builtin_memcmp(entry.address, address.bytes, sizeof(entry.address)) == 0;
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

void learn_address(const IpAddress& address, std::string_view name, bool allowed) {
  RunState& state = run_state();
  for (std::size_t i = 0; i < kLearnedSlots; ++i) {
    LearnedAddress& entry = state.learned[(slot_of(address) + i) % kLearnedSlots];
    const std::uint32_t seen = __atomic_load_n(&entry.state, __ATOMIC_ACQUIRE);
    if (seen == 2 && is_entry_of(entry, address)) {
      if (allowed) __atomic_store_n(&entry.allowed, 1, __ATOMIC_RELAXED);
      return;
    }
    std::uint32_t free = 0;
    if (seen != 0 || !__atomic_compare_exchange_n(&entry.state, &free, 1, false, __ATOMIC_ACQUIRE,
                                                  __ATOMIC_RELAXED)) {
      continue;
    }
    __builtin_memcpy(entry.address, address.bytes, sizeof(entry.address));
    Appender text(entry.name);
    text.add(name).c_str();
    entry.allowed = allowed ? 1 : 0;
    __atomic_store_n(&entry.state, 2, __ATOMIC_RELEASE);
    return;
  }
}

const LearnedAddress* find_learned(const IpAddress& address) {
  const RunState& state = run_state();
  for (std::size_t i = 0; i < kLearnedSlots; ++i) {
    const LearnedAddress& entry = state.learned[(slot_of(address) + i) % kLearnedSlots];
    const std::uint32_t seen = __atomic_load_n(&entry.state, __ATOMIC_ACQUIRE);
    if (seen == 0) return nullptr;
    if (seen == 2 && is_entry_of(entry, address)) return &entry;
  }
  return nullptr;
}

}  // namespace hfoffline::shim
