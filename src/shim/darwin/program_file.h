// What a Mach-O file says of itself: whether dyld, told by DYLD_INSERT_LIBRARIES, loads us into it.
//
// Async-signal-safe; keeps errno.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/reasons.h"

namespace hfoffline::shim {

// Whether the file that starts with these bytes is one: of one kind of processor, or of several.
bool is_program_file(const unsigned char* bytes, std::size_t size);

// For a readable file of that kind. Reason::none: we follow, or the kernel will not start it.
Reason inspect_program_file(int descriptor);

}  // namespace hfoffline::shim
