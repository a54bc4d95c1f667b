// What `hfoffline` exits with. `hfoffline run` adds the child's own code, and 128+N for signal N.
#pragma once

namespace hfoffline::cli {

inline constexpr int kSuccess = 0;
inline constexpr int kCheckFailed = 1;  // doctor: something required does not hold
inline constexpr int kWrongUse =
    2;  // wrong usage, bad settings, models dir missing: nothing was run
inline constexpr int kRefusalsFound = 3;  // the child succeeded, but a violation was recorded
inline constexpr int kShadowed = 3;       // shadow: something shadows core
inline constexpr int kOurFailure = 125;   // the shim did not load, no run directory, and the like
inline constexpr int kNotExecutable = 126;
inline constexpr int kNotFound = 127;
inline constexpr int kSignalBase = 128;

}  // namespace hfoffline::cli
