#include "shim/current_test.h"

#include <unistd.h>

#include "core/hash.h"
#include "core/sys.h"
#include "core/text.h"

namespace hfoffline::shim {
namespace {

char name_set[kMaximumTestBytes];

// The hash and the state of the environment it was computed for. Threads that meet here compute the
// same.
std::uint32_t generation = 1;
std::uint32_t cached_generation;
char** cached_environ;
std::uint64_t cached_hash;

const char* value_if(const char* entry, std::string_view name) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (entry[i] != name[i]) return nullptr;
  }
  return entry[name.size()] == '=' ? entry + name.size() + 1 : nullptr;
}

}  // namespace

std::string_view test_set_by_program() { return name_set; }

void set_test(const char* name) {
  Appender text(name_set);
  if (name != nullptr) text.add(name);
  text.c_str();
  forget_current_test();
}

void forget_current_test() { __atomic_fetch_add(&generation, 1, __ATOMIC_RELEASE); }

std::uint64_t current_test_hash() {
  const std::uint32_t now = __atomic_load_n(&generation, __ATOMIC_ACQUIRE);
  if (__atomic_load_n(&cached_generation, __ATOMIC_ACQUIRE) == now && cached_environ == environ) {
    return __atomic_load_n(&cached_hash, __ATOMIC_RELAXED);
  }
  const std::string_view test = current_test();
  const std::uint64_t hash = test.empty() ? 0 : hash_bytes(1, test.data(), test.size());
  cached_environ = environ;
  __atomic_store_n(&cached_hash, hash, __ATOMIC_RELAXED);
  __atomic_store_n(&cached_generation, now, __ATOMIC_RELEASE);
  return hash;
}

std::string_view current_test() {
  if (name_set[0] != '\0') return name_set;
  const char* inherited = nullptr;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    // Both names in one pass, decided on the first byte for nearly every variable.
    if (**entry == 'P') {
      if (const char* value = value_if(*entry, kPytestVariable)) return value;
    } else if (**entry == 'H' && inherited == nullptr) {
      inherited = value_if(*entry, kTestVariable);
    }
  }
  return inherited != nullptr ? std::string_view(inherited) : std::string_view();
}

}  // namespace hfoffline::shim
