// Whether a program is itself a dynamic loader: it asks for no other, and still takes LD_PRELOAD.
#pragma once

namespace hfoffline {

// `descriptor`: a readable ELF file of this machine. True for ld.so of glibc and musl, which load
// the shim into the program they are given, however static they look themselves. Raw system calls
// only (core/sys.h): no heap, async-signal-safe, about 1 KiB of stack.
bool is_dynamic_loader(int descriptor);

}  // namespace hfoffline
