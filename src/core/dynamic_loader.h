// Whether a program is itself a dynamic loader: it asks for no other, and still takes LD_PRELOAD.
#pragma once

#include "core/elf_segments.h"

namespace hfoffline {

// `segments` are gone through from the first. True for ld.so of glibc and musl, which load the shim
// into the program they are given, however static they look themselves. Raw system calls only
// (core/sys.h): no heap, async-signal-safe, less than 1 KiB of stack.
bool is_dynamic_loader(ElfSegments& segments);

// The program that a loader started with these arguments (NULL-terminated, the loader's own name
// first; may be null) will run, or nullptr: there is none, or it is only listed. Only a name with a
// slash is one that everybody finds in the same place.
const char* loaded_program(const char* const* arguments);

}  // namespace hfoffline
