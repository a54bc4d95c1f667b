// Which test is running at this moment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hfoffline::shim {

inline constexpr std::string_view kTestVariable = "HFOFFLINE_TEST";
inline constexpr std::string_view kPytestVariable = "PYTEST_CURRENT_TEST";
inline constexpr std::size_t kMaximumTestBytes = 512;

// What hfoffline_set_test() was last given, or "".
std::string_view test_set_by_program();
void set_test(const char* name);

// That, else PYTEST_CURRENT_TEST, else HFOFFLINE_TEST as `environ` has them now; or "". Reads
// `environ` without a lock, as getenv(3) does.
std::string_view current_test();

// A hash of its name, 0 without one, from a cache: it misses a change that a program makes by
// writing into the array of `environ` itself.
std::uint64_t current_test_hash();
// To be called when one of the two variables may have changed.
void forget_current_test();

}  // namespace hfoffline::shim
