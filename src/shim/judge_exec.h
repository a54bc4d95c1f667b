// Whether a program may be started although the shim cannot follow it ([exec] unshimmed).
#pragma once

#include "core/reasons.h"

namespace hfoffline::shim {

// 0: go on; else the errno of the refused exec. Reports what it finds.
int judge_exec(const char* operation, int directory, const char* path, char* const* arguments);
// The program is an open descriptor: execveat(2) with an empty path.
#if defined(__APPLE__)
inline constexpr int kEmptyPathFlag = 0;  // there is no AT_EMPTY_PATH
#else
inline constexpr int kEmptyPathFlag = 0x1000;  // AT_EMPTY_PATH
#endif
bool names_descriptor(const char* path, int flags);
int judge_exec_of_descriptor(const char* operation, int descriptor, char* const* arguments);
// As execvp(3) searches.
int judge_exec_in_path(const char* operation, const char* file, char* const* arguments);
// The shell that libc starts by itself.
int judge_shell(const char* operation);

// Records what the shim cannot enter, and refuses it where [exec] unshimmed says so.
int answer_unshimmed(const char* operation, const char* target, Reason reason);

}  // namespace hfoffline::shim
