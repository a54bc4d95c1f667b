#include "shim/policy_source.h"

#include <unistd.h>

#include "core/policy_transport.h"
#include "core/settings.h"
#include "core/sys.h"
#include "shim/baked_policy.h"
#include "shim/make_policy.h"
#include "shim/message.h"
#include "shim/next_symbol.h"

namespace hfoffline::shim {
namespace {

__attribute__((section(".hfoffline_policy"), used, aligned(kBakedPolicyPageBytes)))
const BakedPolicy baked_policy = {
    {'h', 'f', 'o', 'f', 'f', 'l', 'i', 'n', 'e', '-', 'p', 'o', 'l', 'i', 'c', 'y'}, 0, {}, {}};

alignas(8) std::uint8_t policy_storage[kMaximumPolicyBytes];
bool is_baked;
const char* text_in_environment;
char shim_path[4096];

// Hidden from the optimiser, which would otherwise read the unbaked section at compile time.
const BakedPolicy* baked() {
  const BakedPolicy* pointer = &baked_policy;
  __asm__("" : "+r"(pointer));
  return pointer;
}

[[noreturn]] void die_of(std::string_view where, PolicyProblem problem) {
  char text[512];
  Appender message(text);
  message.add("hfoffline: the policy in ")
      .add(where)
      .add(" cannot be used: ")
      .add(describe(problem));
  message.add(".\nThe program was not started. Start it with `hfoffline run`, or unset ")
      .add(kPolicyVariable)
      .add(" and LD_PRELOAD.\n");
  die(125, message.view());
}

[[noreturn]] void die_without_policy() {
  die(125,
      "hfoffline: libhfoffline.so is preloaded, but there is no policy: it was lost on the way, or "
      "none was given.\n"
      "The program was not started. Start it with `hfoffline run --models-dir DIR -- CMD`, or set\n"
      "HFOFFLINE_MODELS_DIR or HFOFFLINE_CONFIG, or unset LD_PRELOAD.\n");
}

// Other libraries' constructors may call us before libc has set environ; the kernel's copy is
// there.
const char* const* early_environment() {
  constexpr std::size_t kBytes = 1 << 20;
  static const char* entries[4096];
  const long memory = sys::mmap(kBytes, 3 /* read, write */, 0x22 /* private, anonymous */, -1);
  const long descriptor = sys::open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
  if (sys::failed(memory) || descriptor < 0) return entries;
  char* text = reinterpret_cast<char*>(memory);
  std::size_t used = 0;
  for (;;) {
    const long count = sys::read(static_cast<int>(descriptor), text + used, kBytes - 1 - used);
    if (count <= 0) break;
    used += static_cast<std::size_t>(count);
  }
  sys::close(static_cast<int>(descriptor));
  std::size_t count = 0;
  for (std::size_t at = 0; at < used && count + 1 < 4096; ++at) {
    entries[count++] = text + at;
    while (at < used && text[at] != '\0') ++at;
  }
  return entries;
}

void attach(std::size_t size, std::string_view where) {
  const PolicyProblem problem = current_policy.attach(policy_storage, size);
  if (problem != PolicyProblem::kNone) die_of(where, problem);
}

void find_shim_file() {
  Appender path(shim_path);
  const std::string_view named =
      is_baked ? std::string_view() : current_policy.text(current_policy.header().shim_file);
  if (!named.empty()) {
    path.add(named).c_str();
    return;
  }
  const char* own = own_path();
  if (own[0] != '/') {
    // Preloaded by a relative path: children may run elsewhere.
    char directory[4096];
    const long length = sys::call(SYS_getcwd, sys::word(directory), sizeof(directory));
    if (length > 1) path.add({directory, static_cast<std::size_t>(length) - 1}).add_byte('/');
  }
  path.add(own).c_str();
}

void find_policy() {
  const BakedPolicy* inside = baked();
  if (inside->size != 0) {
    const PolicyProblem problem = inside->size <= sizeof(inside->bytes)
                                      ? current_policy.attach(inside->bytes, inside->size)
                                      : PolicyProblem::kWrongSize;
    if (problem != PolicyProblem::kNone) die_of("this baked shim", problem);
    is_baked = true;
    find_shim_file();
    return;
  }
  const char* const* environment = environ != nullptr ? environ : early_environment();
  if (const char* encoded = find_in_environment(environment, kPolicyVariable)) {
    const std::size_t size = decode_policy(encoded, policy_storage, sizeof(policy_storage));
    if (size == 0) die_of(kPolicyVariable, PolicyProblem::kNotAPolicy);
    attach(size, kPolicyVariable);
    text_in_environment = encoded;
  } else if (find_in_environment(environment, "HFOFFLINE_MODELS_DIR") != nullptr ||
             find_in_environment(environment, kConfigVariable) != nullptr) {
    attach(make_policy(environment, policy_storage, sizeof(policy_storage)), "the settings");
  } else {
    die_without_policy();
  }
  find_shim_file();
}

}  // namespace

Policy current_policy;
int policy_is_ready;

const Policy& find_policy_once() {
  find_policy();
  __atomic_store_n(&policy_is_ready, 1, __ATOMIC_RELEASE);
  return current_policy;
}

const char* policy_text_in_environment() { return text_in_environment; }

bool policy_is_baked() {
  policy();
  return is_baked;
}

const char* shim_file() {
  policy();
  return shim_path;
}

}  // namespace hfoffline::shim
