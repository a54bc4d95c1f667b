// Tags refusals with the running GoogleTest test, "suite.name".
//
// Include it in any one file of the test program, or in several; nothing to call and nothing to
// link. Without the shim it does nothing. To make a test fail that causes a refused connection,
// lookup or write, see HFOFFLINE_FAIL_TEST_ON_REFUSAL in test_refusals.h. Needs GoogleTest 1.10 or
// newer.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "hfoffline/hfoffline.h"
#include "hfoffline/test_refusals.h"

namespace hfoffline {

class GoogleTestListener : public ::testing::EmptyTestEventListener {
 public:
  void OnTestStart(const ::testing::TestInfo& test) override {
    hfoffline_tag_test((std::string(test.test_suite_name()) + "." + test.name()).c_str());
    refusals_.start();
  }

  void OnTestEnd(const ::testing::TestInfo&) override {
    if (TestRefusals::fail_test()) {
      const std::string refused = refusals_.describe();
      if (!refused.empty()) ADD_FAILURE() << refused;
    }
    hfoffline_tag_test(nullptr);
  }

  // Adds the listener once, however many files ask for it. GoogleTest owns it.
  static bool add() {
    static const bool added = [] {
      ::testing::UnitTest::GetInstance()->listeners().Append(new GoogleTestListener);
      return true;
    }();
    return added;
  }

 private:
  TestRefusals refusals_;
};

namespace {
__attribute__((unused)) const bool kGoogleTestListenerAdded = GoogleTestListener::add();
}  // namespace

}  // namespace hfoffline
