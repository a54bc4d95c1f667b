// How a hook is written:
//
//   INTERPOSE(int, unlink, (const char* path)) {
//     if (const int error = ...) return refuse(error);
//     return NEXT(unlink)(path);
//   }
//
// The body is called hook_unlink in C++ and `unlink` in the symbol table, so the libc header's own
// declaration (its attributes, its noexcept) does not bind the body: a nonnull attribute would let
// the compiler drop our null checks. The signature is still checked against the header's.
#pragma once

#include <errno.h>

#include <type_traits>

#include "shim/next_symbol.h"

namespace hfoffline::shim {

// How a hook ends that refuses, for functions that return -1.
inline int fail(int error) {
  errno = error;
  return -1;
}

// A header's declaration may promise more (noexcept; noreturn, which clang counts into the type),
// and hooks must not: cancellation unwinds through them. Nothing else converts between function
// pointers.
template <class Declared, class Hook>
inline constexpr bool kSameSignature = std::is_convertible_v<Declared*, Hook*>;

}  // namespace hfoffline::shim

#define INTERPOSE(result, name, parameters)                                               \
  extern "C" result hook_##name parameters __asm__(#name)                                 \
      __attribute__((visibility("default"), used));                                       \
  static_assert(hfoffline::shim::kSameSignature<decltype(::name), decltype(hook_##name)>, \
                "the hook's signature differs from the libc header's");                   \
  extern "C" result hook_##name parameters

// The function that the program would have called without us, typed as the header declares it.
#define NEXT(name) \
  reinterpret_cast<decltype(&::name)>(hfoffline::shim::next_symbol(hfoffline::shim::Slot::name))
