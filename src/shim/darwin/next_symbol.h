// next_symbol.h for macOS, where the functions behind us are simply libSystem's: see interpose.h.
#pragma once

namespace hfoffline::shim {

inline void find_next_objects() {}

// Of the few functions that bodies ask for by name; nullptr for others.
void* find_next(const char* name);

// Neither glibc nor musl: what these two read differently is read the stricter way.
inline bool libc_is_glibc() { return false; }

// Absolute path of this library as dyld recorded it, or "" (NUL-terminated, static).
const char* own_path();

}  // namespace hfoffline::shim
