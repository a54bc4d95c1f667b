// A Catch2 test program with the listener, for Catch2 2.13 and 3.x.
#ifndef HFOFFLINE_CATCH2_V3
#define CATCH_CONFIG_MAIN
#endif
#include "hfoffline/catch2_listener.h"
//
#include "actions.h"

TEST_CASE("does nothing") { CHECK(true); }

TEST_CASE("asks for a packet socket") { CHECK(packet_socket_as_expected()); }

TEST_CASE("writes") {
  SECTION("nothing") { CHECK(true); }
  SECTION("into the cache") {
    SECTION("itself") { CHECK(write_as_expected()); }
    SECTION("by a child") { CHECK(child_write_as_expected()); }
  }
}
