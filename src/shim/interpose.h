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

#if !defined(__APPLE__)
// How the functions fail whose result is an error by itself, and not -1.
constexpr long failing_value(Slot slot) {
  constexpr long kSystemError = -11;  // EAI_SYSTEM of glibc and musl
  switch (slot) {
    case Slot::posix_spawn:
    case Slot::posix_spawnp:
    case Slot::pidfd_spawn:
    case Slot::pidfd_spawnp:
      return ENOSYS;
    case Slot::getaddrinfo:
    case Slot::getaddrinfo_a:
    case Slot::getnameinfo:
      return kSystemError;
    default:
      return -1;
  }
}

// Stands in for a function that this libc does not have; a program gets here by looking our symbol
// up with dlsym(). Callers clean up their arguments, so none need to be declared.
// The general form is for functions that do not return: clang counts that into the type.
template <class Declared, Slot kSlot>
struct Missing {
  static void call() { errno = ENOSYS; }
};
template <class Result, Slot kSlot, class... Arguments>
struct Missing<Result (*)(Arguments...), kSlot> {
  static Result call() {
    errno = ENOSYS;
    if constexpr (std::is_pointer_v<Result>) return nullptr;
    if constexpr (std::is_arithmetic_v<Result>) return static_cast<Result>(failing_value(kSlot));
  }
};
template <class Result, Slot kSlot, class... Arguments>
struct Missing<Result (*)(Arguments..., ...), kSlot> : Missing<Result (*)(Arguments...), kSlot> {};
template <class Result, Slot kSlot, class... Arguments>
struct Missing<Result (*)(Arguments...) noexcept, kSlot>
    : Missing<Result (*)(Arguments...), kSlot> {};
template <class Result, Slot kSlot, class... Arguments>
struct Missing<Result (*)(Arguments..., ...) noexcept, kSlot>
    : Missing<Result (*)(Arguments...), kSlot> {};

#endif  // !__APPLE__

}  // namespace hfoffline::shim

#if defined(__APPLE__)
// interpose_table.cpp pairs hook_unlink with libSystem's unlink, and dyld leads every image but
// ours to it: the next function is simply the function.
#define INTERPOSE(result, name, parameters)                                               \
  extern "C" result hook_##name parameters __attribute__((visibility("hidden"), used));   \
  static_assert(hfoffline::shim::kSameSignature<decltype(::name), decltype(hook_##name)>, \
                "the hook's signature differs from the header's");                        \
  extern "C" result hook_##name parameters
#define NEXT(name) (&::name)
#else
#define INTERPOSE(result, name, parameters)                                               \
  extern "C" result hook_##name parameters __asm__(#name)                                 \
      __attribute__((visibility("default"), used));                                       \
  static_assert(hfoffline::shim::kSameSignature<decltype(::name), decltype(hook_##name)>, \
                "the hook's signature differs from the libc header's");                   \
  extern "C" result hook_##name parameters

// The function that the program would have called without us, typed as the header declares it.
#define NEXT(name)                                                  \
  reinterpret_cast<decltype(&::name)>(hfoffline::shim::next_symbol( \
      hfoffline::shim::Slot::name,                                  \
      reinterpret_cast<void*>(                                      \
          hfoffline::shim::Missing<decltype(&::name), hfoffline::shim::Slot::name>::call)))
#endif  // __APPLE__
