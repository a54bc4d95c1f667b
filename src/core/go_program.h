// Whether a program was built by Go, which asks the kernel without libc: with a dynamic loader the
// shim comes along, and still sees nothing of what Go's own code opens and connects to.
#pragma once

namespace hfoffline {

// `descriptor`: a readable ELF file of this machine. By the note that Go's linker writes; a program
// from which it was stripped is not recognised. Raw system calls only (core/sys.h): no heap,
// async-signal-safe, two kilobytes of stack.
bool is_go_program(int descriptor);

}  // namespace hfoffline
