/* How small a signal stack may be on this processor. */
#pragma once

#include <stddef.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

/* 8 KiB above what the kernel needs to enter a handler, and above what the loader saves there when
 * it binds a function of the C library lazily: every vector and tile register (x86 leaf 13; 11 KiB
 * with AMX, which the kernel's figure leaves out). */
static inline size_t small_signal_stack(void) {
  size_t saved = 0;
#if defined(__x86_64__)
  unsigned eax, ebx, ecx, edx;
  if (__get_cpuid_count(13, 0, &eax, &ebx, &ecx, &edx)) saved = ebx;
#endif
  return (size_t)sysconf(_SC_MINSIGSTKSZ) + saved + 8192;
}
