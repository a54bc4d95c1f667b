// getaddrinfo(3) under the name of the function that was called: judged, reported and learned from
// as if the program had asked itself.
//
// Not async-signal-safe, as getaddrinfo: the answer is libc's, on the heap.
#pragma once

#include <netdb.h>

namespace hfoffline::shim {

// Returns what getaddrinfo returns.
int resolve(const char* operation, const char* node, const char* service,
            const struct addrinfo* hints, struct addrinfo** result);
void free_answer(struct addrinfo* result);

}  // namespace hfoffline::shim
