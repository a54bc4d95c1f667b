// A policy made inside the process, for `LD_PRELOAD=libhfoffline.so HFOFFLINE_MODELS_DIR=... CMD`
// without the launcher. Same parser, same steps, same meaning.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hfoffline::shim {

// Reads settings from `environment` and the config file, prepares the scratch directory and writes
// the policy. Returns its size. Bad settings end the process with their message and status 2.
std::size_t make_policy(const char* const* environment, std::uint8_t* buffer, std::size_t capacity);

}  // namespace hfoffline::shim
