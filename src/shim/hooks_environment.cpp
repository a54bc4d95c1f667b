// The environment functions: managed variables are answered from the policy and cannot be changed.
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <string_view>

#include "core/sys.h"
#include "shim/current_test.h"
#include "shim/interpose.h"
#include "shim/managed_environment.h"
#include "shim/policy_source.h"
#include "shim/refusal.h"
#include "shim/valgrind.h"
#include "shim/variable_name.h"

using namespace hfoffline;
using namespace hfoffline::shim;

namespace {

// Whether words may be read beside a name; asked once, since it takes longer than comparing names.
bool reads_words() {
  static std::uint32_t state;  // 0: not looked, 1: yes, 2: no
  std::uint32_t seen = __atomic_load_n(&state, __ATOMIC_RELAXED);
  if (__builtin_expect(seen == 0, 0)) {
    seen = runs_in_valgrind() ? 2 : 1;
    __atomic_store_n(&state, seen, __ATOMIC_RELAXED);
  }
  return seen == 1;
}

// The managed variable that the text up to '=' or its end names, or nullptr. Two bytes decide
// nearly always.
__attribute__((noinline)) const VariableRow* find_managed(Policy ours, const char* text) {
  std::size_t length = 0;
  if (reads_words()) {
    length = length_of_name(text);
  } else {
    while (text[length] != '\0' && text[length] != '=') ++length;
  }
  return ours.find_variable({text, length});
}

inline const VariableRow* managed_row(const char* text) {
  const Policy ours = policy();
  return text != nullptr && ours.may_manage(text) ? find_managed(ours, text) : nullptr;
}

// True: the change is ignored. Setting a managed variable to what it is already is no change.
bool ignores_change(const char* operation, const char* name, const char* value) {
  const VariableRow* row = managed_row(name);
  if (row == nullptr || !policy().lock_environment()) return false;
  const bool same =
      row->set == 1 ? value != nullptr && std::string_view(value) == policy().variable_value(*row)
                    : value == nullptr;
  if (!same) report_environment(Reason::env_tamper, operation, policy().variable_name(*row), *row);
  return true;
}

// Refusals are counted per test: see current_test.h.
void notice_test(const char* name) {
  if (name != nullptr && (name[0] == 'P' || name[0] == 'H')) forget_current_test();
}

char* managed_value(const VariableRow& row) {
  return row.set == 1 ? const_cast<char*>(policy().variable_value(row)) : nullptr;
}

}  // namespace

#if defined(__APPLE__)
// libSystem holds a lock while it searches, as its setenv does: the search is left to it.
INTERPOSE(char*, getenv, (const char* name)) {
  const VariableRow* row = managed_row(name);
  if (row != nullptr && policy().lock_environment()) return managed_value(*row);
  return NEXT(getenv)(name);
}
#else
namespace {

// glibc's own search, without a second call: what an unmanaged name costs is felt by programs that
// ask all the time. Another library's getenv is still called.
char* find_in_environ(const char* name) {
  char** entry = environ;
  if (name[0] == '\0' || entry == nullptr) return nullptr;
  // Two bytes at once, as glibc does it: they tell nearly all names apart.
  const char pair[2] = {name[0], name[1] == '\0' ? '=' : name[1]};
  std::uint16_t wanted;
  __builtin_memcpy(&wanted, pair, sizeof(wanted));
  const auto starts_so = [wanted](const char* text) {
    std::uint16_t start;
    __builtin_memcpy(&start, text, sizeof(start));
    return start == wanted;
  };
  for (;; entry += 2) {
    char* const first = entry[0];
    if (first == nullptr) return nullptr;
    if (__builtin_expect(starts_so(first), 0)) {
      if (const char* value = value_if_named(first, name)) return const_cast<char*>(value);
    }
    char* const second = entry[1];
    if (second == nullptr) return nullptr;
    if (__builtin_expect(starts_so(second), 0)) {
      if (const char* value = value_if_named(second, name)) return const_cast<char*>(value);
    }
  }
}

// musl's differs in what it makes of a name with '='. Valgrind would complain of ours.
bool getenv_is_glibcs() {
  static std::uint32_t state;  // 0: not looked, 1: yes, 2: no
  std::uint32_t seen = __atomic_load_n(&state, __ATOMIC_RELAXED);
  if (__builtin_expect(seen == 0, 0)) {
    seen = next_is_libc(Slot::getenv) && libc_is_glibc() && reads_words() ? 1 : 2;
    __atomic_store_n(&state, seen, __ATOMIC_RELAXED);
  }
  return seen == 1;
}

}  // namespace

INTERPOSE(char*, getenv, (const char* name)) {
  const VariableRow* row = managed_row(name);
  if (row != nullptr && policy().lock_environment()) return managed_value(*row);
  return name != nullptr && getenv_is_glibcs() ? find_in_environ(name) : NEXT(getenv)(name);
}
#endif

#if !defined(__APPLE__)
INTERPOSE(char*, secure_getenv, (const char* name)) {
  const VariableRow* row = managed_row(name);
  if (row == nullptr || !policy().lock_environment()) return NEXT(secure_getenv)(name);
  return managed_value(*row);
}
#endif

INTERPOSE(int, setenv, (const char* name, const char* value, int overwrite)) {
  // An unset managed variable that must not be overwritten would be added: that is a change as
  // well.
  const VariableRow* row = managed_row(name);
  if (row != nullptr && overwrite == 0 && row->set == 1 && policy().lock_environment()) return 0;
  if (ignores_change("setenv", name, value)) return 0;
  const int result = NEXT(setenv)(name, value, overwrite);
  notice_test(name);
  return result;
}

INTERPOSE(int, unsetenv, (const char* name)) {
  if (ignores_change("unsetenv", name, nullptr)) return 0;
  const int result = NEXT(unsetenv)(name);
  notice_test(name);
  return result;
}

INTERPOSE(int, putenv, (char* text)) {
  const VariableRow* row = managed_row(text);
  if (row != nullptr) {
    const char* value = text + row->name_length;
    if (ignores_change("putenv", text, *value == '=' ? value + 1 : nullptr)) return 0;
  }
  const int result = NEXT(putenv)(text);
  notice_test(text);
  return result;
}

#if !defined(__APPLE__)
// Everything goes but what is managed: the next reader of environ must still see it.
INTERPOSE(int, clearenv, ()) {
  const int result = NEXT(clearenv)();
  forget_current_test();
  if (result == 0 && policy().lock_environment()) repair_environment();
  return result;
}
#endif
