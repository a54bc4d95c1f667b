// The next definition of an interposed function, found by a lookup of our own.
//
// dlsym(RTLD_NEXT) is not used: it is missing from plain C programs before glibc 2.34 and may
// return the oldest version of a function that has two. See dl_iterate_phdr(3) and the gABI's and
// GNU's hash tables.
#pragma once

#if defined(__APPLE__)
#include "shim/darwin/next_symbol.h"
#else

#include <cstdint>

#include "shim/platform_rows.h"

namespace hfoffline::shim {

enum class Slot : std::uint8_t {
#define HOOK(name, family, need, platform) HOOK_HERE_##platform(name, )
#define API(name)
#define SKIP(name, why)
#include "shim/hooks.def"
#undef HOOK
#undef API
#undef SKIP
  count,
};

// Remembers the objects behind ours while the program has one thread and no loader lock can be held
// by another. Called by the constructor; lookups before it do the same by themselves.
void find_next_objects();

// The same without calling any function of libc: a sanitizer's runtime asks for functions before
// its own dl_iterate_phdr works. Does nothing where the objects are known already, or cannot be
// found so.
void find_next_objects_early();
// Whether our constructor has not run yet.
bool is_early();

// The address of `name` in the first object behind ours that defines it, or nullptr.
void* find_next(const char* name);

// The slot's function. Resolved at the first call, then one load. Where no object has it,
// `missing`, which fails as such a function does.
void* resolve_next_symbol(Slot slot, void* missing);
extern void* next_symbols[static_cast<int>(Slot::count)];
inline void* next_symbol(Slot slot, void* missing) {
  void* address = __atomic_load_n(&next_symbols[static_cast<int>(slot)], __ATOMIC_RELAXED);
  return address != nullptr ? address : resolve_next_symbol(slot, missing);
}

// Whether the slot's function is libc's own, not that of another preloaded library or a sanitizer
// runtime.
bool next_is_libc(Slot slot);

// Whether the libc behind us is glibc; else it is musl. They read some arguments differently.
bool libc_is_glibc();
// For dlsym(3). Our own function of this name, or nullptr.
void* own_definition(const char* name);
// Whether the first object behind ours that defines `name` is libc.
bool is_next_in_libc(const char* name);
// Whether this is libc's definition of `name`.
bool is_libcs(const char* name, const void* address);
// Whether the object that the address is in defines `name` itself.
bool is_defined_beside(const void* address, const char* name);

// Absolute path of this shared object as the loader recorded it, or "" (NUL-terminated, static).
const char* own_path();

}  // namespace hfoffline::shim

#endif  // __APPLE__
