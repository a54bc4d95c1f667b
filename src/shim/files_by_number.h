// The system calls that name files, made by syscall(2): judged as their functions are. With a
// protected tree only; the texts and blocks were copied before (caller_path.h). 0: pass it on; else
// an errno.
#pragma once

#include <cstddef>

#include "shim/system_call_arguments.h"

namespace hfoffline::shim {

int judge_file_call(long number, const SystemCallArguments& a);

// access(W_OK) is judged after the kernel has granted it.
int judge_granted_access(long number, const SystemCallArguments& a);

// Memory besides texts that decides what is written: which word leads to how much of it. 0 bytes:
// there is none.
struct SystemCallBlock {
  int word;
  std::size_t bytes;
};
SystemCallBlock block_of(long number, const SystemCallArguments& a);

}  // namespace hfoffline::shim
