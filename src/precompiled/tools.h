// Compiled once for each library of the tools: what most of their files include, and what takes
// longest to read. Every file still includes what it uses, which the lint sees: it compiles without
// this. No guard: nothing includes this, and g++ warns of #pragma once in what it is given first.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
