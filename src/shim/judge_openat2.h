// openat2(2): an open with restrictions on the way to the file. 0: go on; else an errno, already
// reported.
//
// `how` and `path` are copies (caller_path.h). Async-signal-safe; keeps errno.
#pragma once

#include <cstddef>

namespace hfoffline::shim {

// The kernel refuses every other size before it opens anything.
bool has_usable_size(std::size_t how_bytes);
// For a copy of such a size, or null.
bool openat2_can_write(const void* how);
int judge_openat2(int directory, const char* path, const void* how, std::size_t size);

}  // namespace hfoffline::shim
