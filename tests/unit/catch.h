// One include for both major versions of Catch2.
#pragma once

#ifdef HFOFFLINE_CATCH2_V3
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
