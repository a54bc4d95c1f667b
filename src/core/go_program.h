// Whether a program was built by Go, which asks the kernel without libc: with a dynamic loader the
// shim comes along, and still sees nothing of what Go's own code opens and connects to.
#pragma once

#include "core/elf_segments.h"

namespace hfoffline {

// `segments` are gone through from the first. By the note that Go's linker writes; a program from
// which it was stripped is not recognised. Raw system calls only (core/sys.h): no heap,
// async-signal-safe, a kilobyte of stack.
bool is_go_program(ElfSegments& segments);

}  // namespace hfoffline
