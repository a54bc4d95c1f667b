// Names of errnos, from errnos.def. Pure.
#pragma once

#include <string_view>

namespace hfoffline {

// "ENETUNREACH", or "" for an errno that errnos.def does not list.
std::string_view errno_name(int number);

// Whether [egress] errno may be `name`; sets *number if so.
bool configurable_errno(std::string_view name, int* number);

}  // namespace hfoffline
