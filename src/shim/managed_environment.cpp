#include "shim/managed_environment.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/policy_transport.h"
#include "core/sys.h"
#include "core/text.h"
#include "shim/current_test.h"
#include "shim/exec_memory.h"
#include "shim/locate.h"
#include "shim/policy_source.h"
#include "shim/preload_variable.h"
#include "shim/refusal.h"
#include "shim/start_data.h"

namespace hfoffline::shim {
namespace {

constexpr std::string_view kPreload = HFOFFLINE_PRELOAD_VARIABLE;
constexpr std::string_view kAsanOptions = "ASAN_OPTIONS";
// gcc's shared libasan refuses to start behind another preloaded library unless told otherwise.
constexpr std::string_view kAsanOption = "verify_asan_link_order=0";
constexpr std::string_view kCheckIn = "HFOFFLINE_CHECKIN";
// An auditing library is loaded before us and could take our place.
constexpr std::string_view kAudit = "LD_AUDIT";
constexpr std::size_t kMaximumManaged = 1024;
// LD_PRELOAD, ASAN_OPTIONS, the policy, the test, and the null behind the last.
constexpr std::size_t kOwnEntries = 5;
constexpr std::size_t kTestEntryBytes = kMaximumTestBytes + 32;

std::string_view name_of(const char* entry) {
  std::size_t length = 0;
  while (entry[length] != '\0' && entry[length] != '=') ++length;
  return {entry, length};
}

std::string_view value_of(const char* entry, std::string_view name) {
  return entry[name.size()] == '=' ? std::string_view(entry + name.size() + 1) : std::string_view();
}

bool same_text(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) ++a, ++b;
  return *a == *b;
}

// dyld splits its list at colons, ld.so at spaces, too.
bool ends_preload(char c) {
#if defined(__APPLE__)
  return c == ':';
#else
  return c == ':' || c == ' ';
#endif
}

// Takes the next path off a list as the loader splits it.
std::string_view next_preload(std::string_view& list) {
  while (!list.empty() && ends_preload(list.front())) list.remove_prefix(1);
  std::size_t length = 0;
  while (length < list.size() && !ends_preload(list[length])) ++length;
  const std::string_view path = slice(list, 0, length);
  list.remove_prefix(length);
  return path;
}

bool is_ours(std::string_view path) {
  if (path == std::string_view(shim_file())) return true;
  constexpr std::string_view kFile = HFOFFLINE_SHIM_NAME;
  return path.ends_with(kFile) &&
         (path.size() == kFile.size() || path[path.size() - kFile.size() - 1] == '/');
}

// "LD_PRELOAD=<ours>:<the others, in their order>".
void append_preload(std::string_view others, Appender& out) {
  out.add(kPreload).add_byte('=').add(shim_file());
  for (std::string_view path = next_preload(others); !path.empty(); path = next_preload(others)) {
    if (!is_ours(path)) out.add_byte(':').add(path);
  }
}

bool contains_text(std::string_view text, std::string_view wanted) {
  for (std::size_t at = 0; at + wanted.size() <= text.size(); ++at) {
    if (slice(text, at, wanted.size()) == wanted) return true;
  }
  return false;
}

void append_asan_options(std::string_view options, Appender& out) {
  out.add(kAsanOptions).add_byte('=').add(options);
  if (contains_text(options, kAsanOption)) return;
  if (!options.empty()) out.add_byte(':');
  out.add(kAsanOption);
}

std::size_t policy_entry_bytes() {
  return policy_is_baked() ? 0
                           : kPolicyVariable.size() + 1 + encoded_policy_size(policy().size()) + 1;
}

char* write_policy_entry(char* memory) {
  char* out = memory;
  for (const char c : kPolicyVariable) *out++ = c;
  *out++ = '=';
  encode_policy(policy().bytes(), policy().size(), out);
  out[encoded_policy_size(policy().size())] = '\0';
  return memory;
}

// Where the policy has a say about ASAN_OPTIONS, its value has the option already, or nobody wants
// it.
bool adds_asan_options() { return policy().find_variable(kAsanOptions) == nullptr; }

struct Seen {
  std::uint64_t bits[kMaximumManaged / 64] = {};
  void add(std::size_t i) {
    if (i < kMaximumManaged) bits[i / 64] |= std::uint64_t{1} << (i % 64);
  }
  bool has(std::size_t i) const {
    return i < kMaximumManaged && (bits[i / 64] >> (i % 64) & 1) != 0;
  }
};

const VariableRow* managed(const char* entry) {
  return policy().may_manage(entry) ? policy().find_variable(name_of(entry)) : nullptr;
}

std::size_t row_number(const VariableRow* row) {
  return static_cast<std::size_t>(row - &policy().variable(0));
}

std::size_t entry_count(const char* const* environment) {
  std::size_t count = 0;
  while (environment != nullptr && environment[count] != nullptr) ++count;
  return count;
}

// Files that the loader and libc write by themselves, before we are loaded or without a call that
// we would see: where they would lie in a protected tree the variable is dropped. The tree, or
// kOutside.
int tree_of_output(std::string_view name, const char* value) {
#if defined(__APPLE__)
  const bool itself = name == "DYLD_PRINT_TO_FILE";
#else
  const bool itself = name == "LD_PROFILE_OUTPUT" || name == "MALLOC_TRACE";
#endif
  // These two get the process's number appended.
  const bool prefix = name == "LD_DEBUG_OUTPUT" || name == "GMON_OUT_PREFIX";
  if ((!itself && !prefix) || value[0] == '\0' || policy().tree_count() == 0) return kOutside;
  return locate(AT_FDCWD, value, itself ? FinalLink::kFollow : FinalLink::kNameOnly).tree;
}

bool is_dropped(const char* entry, std::string_view name) {
  if (name == kCheckIn || name == kAudit) return true;
  return entry[name.size()] == '=' && !policy().audits_writes() &&
         tree_of_output(name, entry + name.size() + 1) != kOutside;
}

// A missing variable is what `env -i` leaves; another value is somebody's wish that will not come
// true.
void report_replaced(const char* entry, std::string_view name, const VariableRow& row) {
  const std::string_view wanted =
      row.set == 1 ? std::string_view(policy().variable_value(row)) : std::string_view();
  if (row.set == 0 || value_of(entry, name) != wanted)
    report_environment(Reason::environment_replaced, "exec", name, row);
}

void report_output(const char* entry, std::string_view name) {
  if (entry[name.size()] != '=') return;
  const char* value = entry + name.size() + 1;
  const int tree = tree_of_output(name, value);
  if (tree == kOutside) return;
  Refusal refusal;
  refusal.reason = Reason::protected_tree;
  refusal.operation = "exec";
  if (policy().audits_writes()) refusal.verdict = "audit";
  refusal.target = value;
  refusal.error = EROFS;
  refusal.rule = policy().text(policy().tree(static_cast<std::size_t>(tree)).rule);
  report(refusal);
}

// Our own copy of HFOFFLINE_POLICY for `environ`, made when the one we were started with is lost.
START_DATA char* own_policy_entry;

// Compared by place: comparing some kilobytes of text would be felt at every start.
bool is_our_policy(const char* entry, std::string_view name) {
  return entry == own_policy_entry || value_of(entry, name).data() == policy_text_in_environment();
}

bool environment_is_right() {
  Seen seen;
  bool preload = false;
  bool travels = policy_is_baked();
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (const VariableRow* row = managed(*entry)) {
      if (row->set == 0 || !same_text(*entry, policy().c_str(row->text))) return false;
      seen.add(row_number(row));
      continue;
    }
    const std::string_view name = name_of(*entry);
    if (is_dropped(*entry, name)) return false;
    if (name == kPolicyVariable) {
      if (!is_our_policy(*entry, name)) return false;
      travels = true;
    }
    if (name == kPreload) {
      std::string_view list = value_of(*entry, name);
      preload = next_preload(list) == std::string_view(shim_file());
    }
  }
  for (std::size_t i = 0; i < policy().variable_count(); ++i) {
    if (policy().variable(i).set == 1 && !seen.has(i)) return false;
  }
  return preload && travels;
}

// Memory for an array that is published as `environ`, with the texts that are made for it. What was
// published is not written to again while other threads may still read it: the pages are used in
// turn, and the first, which programs may have remembered, only once.
struct Pages {
  char* memory;
  std::size_t size;
  std::uint32_t busy;
};
constexpr std::uint32_t kPages = 64;
Pages pages_in_turn[kPages];
std::uint32_t turn;

bool lies_in(const Pages& pages, const void* address) {
  const auto* byte = static_cast<const char*>(address);
  return pages.memory != nullptr && byte >= pages.memory && byte < pages.memory + pages.size;
}

// Null if there is no memory. The caller clears `busy`.
Pages* take_pages(std::size_t size, const void* in_use) {
  alignas(16) static char few[8192];
  for (std::uint32_t tries = 0; tries < kPages; ++tries) {
    const std::uint32_t number = __atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED);
    if (number == 0 && size <= sizeof(few)) {
      static Pages once = {few, sizeof(few), 0};
      return &once;
    }
    Pages& pages = pages_in_turn[number % kPages];
    if (__atomic_exchange_n(&pages.busy, 1, __ATOMIC_ACQUIRE) != 0) continue;
    if (lies_in(pages, in_use)) {  // the program has put an old array back
      __atomic_store_n(&pages.busy, 0, __ATOMIC_RELEASE);
      continue;
    }
    if (pages.size < size) {
      // Twice as much each time bounds what is left behind.
      const std::size_t wanted = size + pages.size + 4096;
      const long memory = sys::mmap(wanted, 3 /* read, write */, 0x22 /* private, anonymous */, -1);
      if (sys::failed(memory)) {
        __atomic_store_n(&pages.busy, 0, __ATOMIC_RELEASE);
        return nullptr;
      }
      pages.memory = reinterpret_cast<char*>(memory);
      pages.size = wanted;
    }
    return &pages;
  }
  return nullptr;
}

char* policy_entry_for_environ() {
  char* entry = __atomic_load_n(&own_policy_entry, __ATOMIC_ACQUIRE);
  if (entry != nullptr) return entry;
  const std::size_t size = policy_entry_bytes();
  const long memory = sys::mmap(size, 3 /* read, write */, 0x22 /* private, anonymous */, -1);
  if (sys::failed(memory)) return nullptr;
  char* fresh = write_policy_entry(reinterpret_cast<char*>(memory));
  if (__atomic_compare_exchange_n(&own_policy_entry, &entry, fresh, false, __ATOMIC_ACQ_REL,
                                  __ATOMIC_ACQUIRE)) {
    return fresh;
  }
  sys::munmap(fresh, size);
  return entry;
}

}  // namespace

void repair_environment() {
  // Two threads may call system() at a time, and one of them may come second.
  for (int tries = 0; tries < 4 && !environment_is_right(); ++tries) {
    char** current = __atomic_load_n(&environ, __ATOMIC_ACQUIRE);
    ExecEnvironment plan(current);
    Pages* pages = take_pages(plan.own_size(), current);
    if (pages == nullptr) return;
    char** fresh = plan.build_own(pages->memory);
    __atomic_compare_exchange_n(&environ, &current, fresh, false, __ATOMIC_ACQ_REL,
                                __ATOMIC_ACQUIRE);
    __atomic_store_n(&pages->busy, 0, __ATOMIC_RELEASE);
  }
}

ExecEnvironment::ExecEnvironment(const char* const* environment)
    : environment_(environment),
      readable_(environment == nullptr ||
                is_readable_memory(reinterpret_cast<std::uintptr_t>(environment))) {
  size_ = sizeof(char*);
  if (!readable_) return;
  count_ = entry_count(environment);
  std::size_t preload = 0;
  std::size_t asan = 0;
  for (std::size_t i = 0; const char* text = entry(i); ++i) {
    const std::string_view name = name_of(text);
    if (name == kPreload) preload = value_of(text, name).size();
    if (name == kAsanOptions) asan = value_of(text, name).size();
  }
  array_bytes_ = (count_ + policy().variable_count() + kOwnEntries) * sizeof(char*);
  preload_bytes_ = kPreload.size() + 1 + std::string_view(shim_file()).size() + 1 + preload + 1;
  asan_bytes_ = kAsanOptions.size() + 1 + asan + 1 + kAsanOption.size() + 1;
  own_size_ = array_bytes_ + preload_bytes_ + asan_bytes_;
  size_ = own_size_ + kTestEntryBytes + policy_entry_bytes();
}

char** ExecEnvironment::build(void* memory) { return write(memory, Purpose::kChild); }
char** ExecEnvironment::build_own(void* memory) { return write(memory, Purpose::kOwn); }

char** ExecEnvironment::write(void* memory, Purpose purpose) {
  if (!readable_) return const_cast<char**>(environment_);  // the kernel says EFAULT
  const bool child = purpose == Purpose::kChild;
  auto** array = static_cast<char**>(memory);
  const std::string_view own_test = child ? test_set_by_program() : std::string_view();
  std::string_view preload;
  std::string_view asan;
  char* policy_entry = nullptr;
  std::size_t used = 0;
  for (std::size_t i = 0; const char* entry = this->entry(i); ++i) {
    const std::string_view name = name_of(entry);
    if (const VariableRow* row = managed(entry)) {
      if (child) report_replaced(entry, name, *row);
    } else if (name == kPreload) {
      preload = value_of(entry, name);
    } else if (name == kAsanOptions) {
      asan = value_of(entry, name);
    } else if (name == kPolicyVariable) {
      // A child gets a copy: the program may have written over this one (setproctitle).
      if (!child && is_our_policy(entry, name)) policy_entry = const_cast<char*>(entry);
    } else if (is_dropped(entry, name)) {
      if (child) report_output(entry, name);
    } else if (name != kTestVariable || own_test.empty()) {
      array[used++] = const_cast<char*>(entry);
    }
  }
  // Each in a place of its own: another thread may have made an entry longer since it was counted.
  char* text = static_cast<char*>(memory) + array_bytes_;
  Appender preload_entry(text, preload_bytes_);
  append_preload(preload, preload_entry);
  array[used++] = const_cast<char*>(preload_entry.c_str());
  text += preload_bytes_;
  if (adds_asan_options()) {
    Appender asan_entry(text, asan_bytes_);
    append_asan_options(asan, asan_entry);
    array[used++] = const_cast<char*>(asan_entry.c_str());
  }
  text += asan_bytes_;
  if (!own_test.empty()) {
    Appender test_entry(text, kTestEntryBytes);
    test_entry.add(kTestVariable).add_byte('=').add(own_test);
    array[used++] = const_cast<char*>(test_entry.c_str());
  }
  text += kTestEntryBytes;
  if (!policy_is_baked()) {
    if (child) {
      policy_entry = write_policy_entry(text);
    } else if (policy_entry == nullptr) {
      policy_entry = policy_entry_for_environ();
    }
    if (policy_entry != nullptr) array[used++] = policy_entry;
  }
  for (std::size_t i = 0; i < policy().variable_count(); ++i) {
    const VariableRow& row = policy().variable(i);
    if (row.set == 1) array[used++] = const_cast<char*>(policy().c_str(row.text));
  }
  array[used] = nullptr;
  return array;
}

}  // namespace hfoffline::shim
