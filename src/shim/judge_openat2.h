// openat2(2): an open with restrictions on the way to the file. 0: go on; else an errno, already
// reported.
//
// `how` and `size` as the caller gave them. Async-signal-safe; keeps errno.
#pragma once

#include <cstddef>

namespace hfoffline::shim {

int judge_openat2(int directory, const char* path, const void* how, std::size_t size);

}  // namespace hfoffline::shim
