// ioctl(2): the requests that change a file through a descriptor that is open for reading.
//
// Async-signal-safe; keeps errno.
#pragma once

namespace hfoffline::shim {

// 0: go on; else an errno, already reported. Looks at the descriptor for a few requests only.
int judge_request(int descriptor, unsigned long request);

}  // namespace hfoffline::shim
