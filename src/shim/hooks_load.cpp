// Loading libraries and looking their functions up.
//
// libc tells by the return address who calls dlopen and dlsym: RTLD_NEXT, $ORIGIN, RUNPATH and the
// namespace are the caller's. So the hooks are no functions that call libc's: they look at the
// arguments and jump.
#include <dlfcn.h>

#include <cstdint>

#include "shim/interpose.h"
#include "shim/judge_load.h"
#include "shim/next_symbol.h"

using namespace hfoffline::shim;

namespace {

// As the entry code lays it down.
struct LoaderCall {
  std::uintptr_t arguments[3];
  const void* caller;  // the return address

  const char* text(int i) const { return reinterpret_cast<const char*>(arguments[i]); }
};

// In two registers.
struct LoaderStep {
  void* address;           // what is returned, or where to go on with the arguments
  std::uintptr_t returns;  // 1: return it
};

LoaderStep go_on(void* next) { return {next, 0}; }

// A plain C program before glibc 2.34 has these only once a library that needs them is loaded.
void* loaded(const char* name, Slot slot, void* missing) {
  if (is_too_early_to_ask()) {
    void* address = find_in_libc(name);
    if (address != nullptr) return address;
  }
  void* address = next_symbol(slot, missing);
  if (address == missing) address = find_loaded(name);
  return address != nullptr ? address : missing;
}

#define LOADED(name)                          \
  reinterpret_cast<decltype(&::name)>(loaded( \
      #name, Slot::name, reinterpret_cast<void*>(Missing<decltype(&::name), Slot::name>::call)))

// RTLD_NEXT and RTLD_DEFAULT search everything, and find ours first or mean to pass it.
bool names_library(const LoaderCall& call) {
  return !is_too_early_to_ask() &&
         call.arguments[0] != reinterpret_cast<std::uintptr_t>(RTLD_NEXT) &&
         call.arguments[0] != reinterpret_cast<std::uintptr_t>(RTLD_DEFAULT);
}

}  // namespace

#define BEFORE(name) \
  extern "C" __attribute__((visibility("hidden"), used)) LoaderStep before_##name(LoaderCall* call)

BEFORE(dlopen) {
  call->arguments[1] = static_cast<std::uintptr_t>(
      flags_without_deep_bind("dlopen", call->text(0), static_cast<int>(call->arguments[1])));
  return go_on(reinterpret_cast<void*>(LOADED(dlopen)));
}

BEFORE(dlsym) {
  auto* next = LOADED(dlsym);
  if (!names_library(*call)) return go_on(reinterpret_cast<void*>(next));
  const char* name = call->text(1);
  void* found = next(reinterpret_cast<void*>(call->arguments[0]), name);
  return {hook_instead_of(name, found, call->caller), 1};
}

#ifdef __GLIBC__
BEFORE(dlmopen) {
  call->arguments[2] = static_cast<std::uintptr_t>(
      flags_without_deep_bind("dlmopen", call->text(1), static_cast<int>(call->arguments[2])));
  // A namespace that cannot be (-1 is a new one, -2 the caller's): libc says so in dlerror().
  constexpr Lmid_t kNone = -3;
  if (static_cast<Lmid_t>(call->arguments[0]) != LM_ID_BASE && !may_leave_namespace(call->text(1)))
    call->arguments[0] = static_cast<std::uintptr_t>(kNone);
  return go_on(reinterpret_cast<void*>(LOADED(dlmopen)));
}

BEFORE(dlvsym) {
  auto* next = LOADED(dlvsym);
  if (!names_library(*call)) return go_on(reinterpret_cast<void*>(next));
  const char* name = call->text(1);
  void* found = next(reinterpret_cast<void*>(call->arguments[0]), name, call->text(2));
  return {hook_instead_of(name, found, call->caller), 1};
}
#else
// No such functions: whoever finds ours is told that nothing was found.
BEFORE(dlmopen) {
  call->arguments[0] = 0;
  return {nullptr, 1};
}
BEFORE(dlvsym) {
  call->arguments[0] = 0;
  return {nullptr, 1};
}
#endif

#if defined(__x86_64__)
#define ENTRY(name)                    \
  __asm__(                             \
      ".text\n"                        \
      ".globl " #name                  \
      "\n"                             \
      ".type " #name                   \
      ", @function\n"                  \
      ".balign 16\n" #name             \
      ":\n"                            \
      ".cfi_startproc\n"               \
      "  endbr64\n"                    \
      "  subq $24, %rsp\n"             \
      "  .cfi_adjust_cfa_offset 24\n"  \
      "  movq %rdi, (%rsp)\n"          \
      "  movq %rsi, 8(%rsp)\n"         \
      "  movq %rdx, 16(%rsp)\n"        \
      "  movq %rsp, %rdi\n"            \
      "  call before_" #name           \
      "\n"                             \
      "  testq %rdx, %rdx\n"           \
      "  movq (%rsp), %rdi\n"          \
      "  movq 8(%rsp), %rsi\n"         \
      "  movq 16(%rsp), %rdx\n"        \
      "  leaq 24(%rsp), %rsp\n"        \
      "  .cfi_adjust_cfa_offset -24\n" \
      "  jne 1f\n"                     \
      "  jmp *%rax\n"                  \
      "1: ret\n"                       \
      ".cfi_endproc\n"                 \
      ".size " #name ", . - " #name "\n");
#elif defined(__aarch64__)
#define ENTRY(name)                \
  __asm__(                         \
      ".text\n"                    \
      ".globl " #name              \
      "\n"                         \
      ".type " #name               \
      ", %function\n"              \
      ".balign 16\n" #name         \
      ":\n"                        \
      ".cfi_startproc\n"           \
      "  hint #34\n" /* bti c */   \
      "  sub sp, sp, #48\n"        \
      "  .cfi_def_cfa_offset 48\n" \
      "  stp x0, x1, [sp]\n"       \
      "  stp x2, x30, [sp, #16]\n" \
      "  .cfi_offset 30, -24\n"    \
      "  str x29, [sp, #32]\n"     \
      "  mov x0, sp\n"             \
      "  bl before_" #name         \
      "\n"                         \
      "  mov x16, x0\n"            \
      "  mov x17, x1\n"            \
      "  ldp x0, x1, [sp]\n"       \
      "  ldp x2, x30, [sp, #16]\n" \
      "  add sp, sp, #48\n"        \
      "  .cfi_def_cfa_offset 0\n"  \
      "  .cfi_restore 30\n"        \
      "  cbnz x17, 1f\n"           \
      "  br x16\n"                 \
      "1: mov x0, x16\n"           \
      "  ret\n"                    \
      ".cfi_endproc\n"             \
      ".size " #name ", . - " #name "\n");
#endif

ENTRY(dlopen)
ENTRY(dlmopen)
ENTRY(dlsym)
ENTRY(dlvsym)
