// Tags refusals with the running Catch2 test case and section, "test case / section / section".
//
// Include it in exactly one file of the test program, with Catch2 2.13: the one that defines
// CATCH_CONFIG_MAIN or CATCH_CONFIG_RUNNER, after those. Nothing to call and nothing to link.
// Without the shim it does nothing. To make a test case fail that causes a refused connection,
// lookup or write, see HFOFFLINE_FAIL_TEST_ON_REFUSAL in test_refusals.h.
#pragma once

#if defined(__has_include) && __has_include(<catch2/reporters/catch_reporter_event_listener.hpp>)
#include <catch2/catch_test_case_info.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>
#define HFOFFLINE_CATCH2_V3_LISTENER 1
#else
#ifndef TWOBLUECUBES_SINGLE_INCLUDE_CATCH_HPP_INCLUDED
#ifndef CATCH_CONFIG_EXTERNAL_INTERFACES
#define CATCH_CONFIG_EXTERNAL_INTERFACES
#endif
#include <catch2/catch.hpp>
#endif
#endif

#include <string>
#include <vector>

#include "hfoffline/hfoffline.h"
#include "hfoffline/test_refusals.h"

namespace hfoffline {

#ifdef HFOFFLINE_CATCH2_V3_LISTENER
using Catch2ListenerBase = Catch::EventListenerBase;
#else
using Catch2ListenerBase = Catch::TestEventListenerBase;
#endif

class Catch2Listener : public Catch2ListenerBase {
 public:
  using Catch2ListenerBase::Catch2ListenerBase;

  // The test case itself is the outermost section, and comes anew for every way through it.
  void sectionStarting(const Catch::SectionInfo& section) override {
    if (sections_.empty()) refusals_.start();
    sections_.push_back(section.name);
    tag();
  }

  void sectionEnded(const Catch::SectionStats& section) override {
    (void)section;
    // Catch2 adds up the test case after its outermost section has ended: in time to fail it.
    if (sections_.size() == 1 && TestRefusals::fail_test()) {
      const std::string refused = refusals_.describe();
      if (!refused.empty()) FAIL_CHECK(refused);
    }
    if (!sections_.empty()) sections_.pop_back();
    tag();
  }

 private:
  void tag() const {
    std::string name;
    for (const std::string& section : sections_) {
      if (!name.empty()) name += " / ";
      name += section;
    }
    hfoffline_tag_test(name.c_str());
  }

  std::vector<std::string> sections_;
  TestRefusals refusals_;
};

CATCH_REGISTER_LISTENER(Catch2Listener)

}  // namespace hfoffline
