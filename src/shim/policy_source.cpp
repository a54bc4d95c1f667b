#include "shim/policy_source.h"

#include <unistd.h>

#include "core/policy_transport.h"
#include "core/settings.h"
#include "core/sys.h"
#include "shim/baked_policy.h"
#include "shim/make_policy.h"
#include "shim/message.h"
#include "shim/next_symbol.h"
#include "shim/preload_variable.h"
#include "shim/start_data.h"
#include "shim/text_words.h"

namespace hfoffline::shim {
namespace {

__attribute__((section(HFOFFLINE_BAKED_SECTION), used, aligned(kBakedPolicyPageBytes)))
const BakedPolicy baked_policy = {
    {'h', 'f', 'o', 'f', 'f', 'l', 'i', 'n', 'e', '-', 'p', 'o', 'l', 'i', 'c', 'y'}, 0, {}, {}};

// A policy and what came with it. Zero-initialised; in the order in which a start touches the
// pages.
struct Source {
  Policy policy;
  const char* text_in_environment;
  const char* shim_path;
  bool is_baked;
  alignas(8) std::uint8_t bytes[kMaximumPolicyBytes];
  char own_shim_path[4096];
};

// Two threads of another library's constructor may both come before ours has run, and so may a
// signal handler while its own thread is at it: each makes a policy of its own, and the first that
// is done becomes everybody's. Nobody waits.
START_DATA Source* chosen_source;
START_DATA std::uint32_t first_source_is_taken;
// Used from the start of a page, so that as few as possible are touched. It is not aligned itself:
// then all of .bss would be, and what every start writes there would not share a page with .data.
constexpr std::size_t kPage = 4096;
alignas(Source) char memory_of_first_source[sizeof(Source) + kPage];
Source* first_source() {
  const auto start = reinterpret_cast<std::uintptr_t>(memory_of_first_source);
  return reinterpret_cast<Source*>((start + kPage - 1) / kPage * kPage);
}

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
      .add(" and " HFOFFLINE_PRELOAD_VARIABLE ".\n");
  die(125, message.view());
}

[[noreturn]] void die_without_policy() {
  die(125,
      "hfoffline: " HFOFFLINE_SHIM_NAME
      " is preloaded, but there is no policy: it was lost on the way, or "
      "none was given.\n"
      "The program was not started. Start it with `hfoffline run --models-dir DIR -- CMD`, or set\n"
      "HFOFFLINE_MODELS_DIR or HFOFFLINE_CONFIG, or unset " HFOFFLINE_PRELOAD_VARIABLE ".\n");
}

// Other libraries' constructors may call us before libc has set environ; the kernel's copy is
// there.
const char* const* early_environment() {
  constexpr std::size_t kBytes = 1 << 20;
  constexpr std::size_t kEntries = 4096;
  static const char* const none[] = {nullptr};
  const long memory = sys::mmap(kBytes + kEntries * sizeof(char*), 3 /* read, write */,
                                0x22 /* private, anonymous */, -1);
  const long descriptor = sys::open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
  if (sys::failed(memory) || descriptor < 0) return none;
  char* text = reinterpret_cast<char*>(memory);
  const auto** entries = reinterpret_cast<const char**>(text + kBytes);
  std::size_t used = 0;
  for (;;) {
    const long count = sys::read(static_cast<int>(descriptor), text + used, kBytes - 1 - used);
    if (count <= 0) break;
    used += static_cast<std::size_t>(count);
  }
  sys::close(static_cast<int>(descriptor));
  std::size_t count = 0;
  for (std::size_t at = 0; at < used && count + 1 < kEntries; ++at) {
    entries[count++] = text + at;
    while (at < used && text[at] != '\0') ++at;
  }
  return entries;
}

void attach(Source& source, std::size_t size, std::string_view where) {
  const PolicyProblem problem = source.policy.attach(source.bytes, size);
  if (problem != PolicyProblem::kNone) die_of(where, problem);
}

void find_shim_file(Source& source) {
  const TextReference& named = source.policy.header().shim_file;
  if (!source.is_baked && named.length != 0) {
    source.shim_path = source.policy.c_str(named);
    return;
  }
  const char* own = own_path();
  source.shim_path = own;
  if (own[0] == '/') return;
  // Preloaded by a relative path: children may run elsewhere.
  Appender path(source.own_shim_path);
  char directory[4096];
  const long length = sys::getcwd(directory, sizeof(directory));
  if (length > 1) path.add({directory, static_cast<std::size_t>(length) - 1}).add_byte('/');
  source.shim_path = path.add(own).c_str();
}

void find_policy(Source& source) {
  const BakedPolicy* inside = baked();
  if (inside->size != 0) {
    const PolicyProblem problem = inside->size <= sizeof(inside->bytes)
                                      ? source.policy.attach(inside->bytes, inside->size)
                                      : PolicyProblem::kWrongSize;
    if (problem != PolicyProblem::kNone) die_of("this baked shim", problem);
    source.is_baked = true;
    find_shim_file(source);
    return;
  }
  const char* const* environment = environ != nullptr ? environ : early_environment();
  if (const char* encoded = find_in_environment(environment, kPolicyVariable)) {
    const std::size_t size =
        decode_policy({encoded, length_by_words(encoded)}, source.bytes, sizeof(source.bytes));
    if (size == 0) die_of(kPolicyVariable, PolicyProblem::kNotAPolicy);
    attach(source, size, kPolicyVariable);
    source.text_in_environment = encoded;
  } else if (find_in_environment(environment, "HFOFFLINE_MODELS_DIR") != nullptr ||
             find_in_environment(environment, kConfigVariable) != nullptr) {
    attach(source, make_policy(environment, source.bytes, sizeof(source.bytes)), "the settings");
  } else {
    die_without_policy();
  }
  find_shim_file(source);
}

Source* memory_for_source() {
  if (__atomic_exchange_n(&first_source_is_taken, 1, __ATOMIC_RELAXED) == 0) return first_source();
  const long memory =
      sys::mmap(sizeof(Source), 3 /* read, write */, 0x22 /* private, anonymous */, -1);
  if (sys::failed(memory))
    die(125, "hfoffline: no memory for the policy. The program was not started.\n");
  return reinterpret_cast<Source*>(memory);
}

}  // namespace

START_DATA Policy current_policy;

Policy find_policy_once() {
  Source* source = __atomic_load_n(&chosen_source, __ATOMIC_ACQUIRE);
  if (source == nullptr) {
    Source* own = memory_for_source();
    find_policy(*own);
    if (__atomic_compare_exchange_n(&chosen_source, &source, own, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
      source = own;
    } else if (own != first_source()) {
      sys::munmap(own, sizeof(Source));
    }
  }
  __atomic_store(&current_policy, &source->policy, __ATOMIC_RELEASE);
  return source->policy;
}

const char* policy_text_in_environment() {
  policy();
  return chosen_source->text_in_environment;
}

bool policy_is_baked() {
  policy();
  return chosen_source->is_baked;
}

const char* shim_file() {
  policy();
  return chosen_source->shim_path;
}

}  // namespace hfoffline::shim
