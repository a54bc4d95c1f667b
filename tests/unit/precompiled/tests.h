// Compiled once for each of the large test programs; src/precompiled/tools.h says more.
#include <string>
#include <vector>

#include "../catch.h"
