// What the Catch2 and GoogleTest listeners share: the refusals that one test caused.
//
// C++11 and later. Not thread-safe: for the thread that runs the tests.
#pragma once

#include <cstdlib>
#include <string>

#include "hfoffline/hfoffline.h"

namespace hfoffline {

class TestRefusals {
 public:
  // Whether a test that causes a violation fails: when HFOFFLINE_FAIL_TEST_ON_REFUSAL is defined to
  // something other than 0 before the listener is included, or is "1" in the environment. "0" in
  // the environment overrides the macro.
  static bool fail_test() {
    const char* value = std::getenv("HFOFFLINE_FAIL_TEST_ON_REFUSAL");
    if (value != nullptr && value[0] != '\0') return value[0] == '1' && value[1] == '\0';
#ifdef HFOFFLINE_FAIL_TEST_ON_REFUSAL
    return (HFOFFLINE_FAIL_TEST_ON_REFUSAL + 0) != 0;
#else
    return false;
#endif
  }

  void start() {
    egress_ = hfoffline_refusals(HFOFFLINE_EGRESS);
    name_ = hfoffline_refusals(HFOFFLINE_NAME);
    write_ = hfoffline_refusals(HFOFFLINE_WRITE);
  }

  // What this process was refused since start(), as a sentence; empty if nothing. Processes that
  // the test started are not counted.
  std::string describe() const {
    const uint64_t egress = hfoffline_refusals(HFOFFLINE_EGRESS) - egress_;
    const uint64_t name = hfoffline_refusals(HFOFFLINE_NAME) - name_;
    const uint64_t write = hfoffline_refusals(HFOFFLINE_WRITE) - write_;
    if (egress + name + write == 0) return std::string();
    return "hfoffline refused what this test did: " + std::to_string(egress) + " x egress, " +
           std::to_string(name) + " x name, " + std::to_string(write) + " x write";
  }

 private:
  uint64_t egress_ = 0;
  uint64_t name_ = 0;
  uint64_t write_ = 0;
};

}  // namespace hfoffline
