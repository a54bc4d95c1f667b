// Files that libc or the kernel write by themselves when asked to: 0 (go on), or an errno, already
// reported.
//
// Async-signal-safe; keeps errno.
#pragma once

namespace hfoffline::shim {

// acct(2). Both ask for a capability before they open anything.
int judge_accounting(const char* operation, const char* path);
// swapon(2), swapoff(2).
int judge_swap(const char* operation, const char* path);
// The profile of a program built with -pg, which it writes when it ends.
int judge_profile(const char* operation);

}  // namespace hfoffline::shim
