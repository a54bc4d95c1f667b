// Memory for the arguments of an exec: on the caller's stack where possible, since between vfork
// and exec nothing may be allocated.
#pragma once

#include <signal.h>

#include <cstddef>
#include <cstdint>

#include "core/sys.h"
#include "shim/valgrind.h"

namespace hfoffline::shim {

inline constexpr std::size_t kStackBytes = 64 * 1024;

// Whether the memory at `address` may be read. The kernel copies the signal set in before it looks
// at the first argument, which makes the call fail. Valgrind would tell about it.
inline bool is_readable_memory(std::uintptr_t address) {
#if defined(__APPLE__)
  constexpr int kNoSuchChange = -1;
  const int kept = errno;
  const int answer =
      ::pthread_sigmask(kNoSuchChange, reinterpret_cast<const sigset_t*>(address), nullptr);
  errno = kept;
  return answer != EFAULT;
#else
  constexpr long kFault = -14;
  return runs_in_valgrind() ||
         sys::call(SYS_rt_sigprocmask, ~0L, static_cast<long>(address), 0, 8) != kFault;
#endif
}

// Whether `size` more bytes fit on this stack, with some room for what is called then. Looks for
// the unmapped pages below a thread's stack; those of a signal stack are known.
#if defined(__APPLE__)
inline bool stack_has_room(std::size_t size) {
  constexpr std::uintptr_t kPage = 16384;
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  stack_t stack = {};
  if (::sigaltstack(nullptr, &stack) == 0 && (stack.ss_flags & SS_ONSTACK) != 0)
    return here - reinterpret_cast<std::uintptr_t>(stack.ss_sp) > size + kPage;
  const pthread_t self = ::pthread_self();
  const auto top = reinterpret_cast<std::uintptr_t>(::pthread_get_stackaddr_np(self));
  return here - (top - ::pthread_get_stacksize_np(self)) > size + kPage;
}
#else
inline bool stack_has_room(std::size_t size) {
  if (runs_in_valgrind()) return false;
  constexpr std::uintptr_t kPage = 4096;
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  stack_t stack = {};
  if (sys::call(SYS_sigaltstack, 0, sys::word(&stack)) == 0 && (stack.ss_flags & SS_ONSTACK) != 0) {
    return here - reinterpret_cast<std::uintptr_t>(stack.ss_sp) > size + kPage;
  }
  for (std::uintptr_t below = kPage; below < size + 2 * kPage; below += kPage) {
    if (!is_readable_memory((here - below) & ~(kPage - 1))) return false;
  }
  return true;
}
#endif

// What does not fit on the stack. Given back when the exec failed or the child was spawned. After a
// successful exec in a vfork child nobody is left to do so and the parent, whose memory it is,
// would keep it for good: so it is remembered, and taken again by the next that needs one.
class ExecMapping {
 public:
  // Maps nothing if `size` is 0. `purpose`: what one exec needs at the same time.
  enum Purpose : std::uint8_t { kEnvironment, kArguments };
  ExecMapping(std::size_t size, Purpose purpose);
  ExecMapping(const ExecMapping&) = delete;
  ExecMapping& operator=(const ExecMapping&) = delete;
  ~ExecMapping() {
    if (memory_ != nullptr) release();
  }
  void* get() const { return memory_; }  // null if there was no memory

 private:
  void release();

  void* memory_ = nullptr;
  std::size_t size_ = 0;
  struct RememberedMapping* remembered_ = nullptr;
};

}  // namespace hfoffline::shim

// Declares `memory`: `size` bytes that live as long as the calling function, or null. alloca must
// be called in that function itself.
#define EXEC_MEMORY(memory, size, purpose)                                                    \
  const std::size_t memory##_size = (size);                                                   \
  const bool memory##_on_stack = memory##_size <= hfoffline::shim::kStackBytes &&             \
                                 hfoffline::shim::stack_has_room(memory##_size);              \
  const hfoffline::shim::ExecMapping memory##_mapping(memory##_on_stack ? 0 : memory##_size,  \
                                                      hfoffline::shim::ExecMapping::purpose); \
  void* memory =                                                                              \
      memory##_on_stack ? __builtin_alloca_with_align(memory##_size, 128) : memory##_mapping.get()
