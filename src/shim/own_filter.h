// Whether the program has put itself under a seccomp filter since it started. Such a filter may end
// it for a system call that it does not make itself, and must hold for the calls that we make in
// its place: from then on we make no others than it would.
//
// Not undone: filters stay. A vfork child shares the answer with its parent.
#pragma once

#include <cstdint>

namespace hfoffline::shim {

inline std::uint32_t own_filter;

inline void note_own_filter() { __atomic_store_n(&own_filter, 1, __ATOMIC_RELAXED); }
inline bool has_own_filter() { return __atomic_load_n(&own_filter, __ATOMIC_RELAXED) != 0; }

}  // namespace hfoffline::shim
