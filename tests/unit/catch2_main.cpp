// Catch2 2.x has no main library of its own in Debian 12.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
