// The properties that a fuzz target demands.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace hfoffline::fuzz {

// Ends the program, which is how a fuzzer notices, and says which property does not hold.
inline void expect(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", property);
  std::abort();
}

}  // namespace hfoffline::fuzz
