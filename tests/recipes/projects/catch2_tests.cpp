#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#else
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
#include <hfoffline/catch2_listener.h>

#include "leak.h"

TEST_CASE("stays here") { CHECK(1 + 1 == 2); }
TEST_CASE("leaks") { try_to_leave(); }
