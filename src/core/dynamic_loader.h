// Whether a program is itself a dynamic loader: it asks for no other, and still takes LD_PRELOAD.
#pragma once

namespace hfoffline {

// `descriptor`: a readable ELF file of this machine. True for ld.so of glibc and musl, which load
// the shim into the program they are given, however static they look themselves. Raw system calls
// only (core/sys.h): no heap, async-signal-safe, about 1 KiB of stack.
bool is_dynamic_loader(int descriptor);

// The program that a loader started with these arguments (NULL-terminated, the loader's own name
// first; may be null) will run, or nullptr: there is none, or it is only listed. Only a name with a
// slash is one that everybody finds in the same place.
const char* loaded_program(const char* const* arguments);

}  // namespace hfoffline
