// Whether this process runs in Valgrind.
#pragma once

namespace hfoffline::shim {

// Valgrind prints a complaint about each system call that it does not know (openat2, for years) and
// about each look below the stack pointer: a program that is free of errors must stay so. Asked by
// the request RUNNING_ON_VALGRIND of its manual: instructions that do nothing anywhere else.
inline bool runs_in_valgrind() {
  const unsigned long request[6] = {0x1001, 0, 0, 0, 0, 0};
  unsigned long result = 0;
#if defined(__x86_64__)
  __asm__ volatile(
      "rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi; xchgq %%rbx, %%rbx"
      : "+d"(result)
      : "a"(request)
      : "cc", "memory");
#elif defined(__aarch64__)
  register unsigned long x3 __asm__("x3") = result;
  register const unsigned long* x4 __asm__("x4") = request;
  __asm__ volatile(
      "ror x12, x12, #3; ror x12, x12, #13; ror x12, x12, #51; ror x12, x12, #61;"
      "orr x10, x10, x10"
      : "+r"(x3)
      : "r"(x4)
      : "cc", "memory");
  result = x3;
#endif
  return result != 0;
}

}  // namespace hfoffline::shim
