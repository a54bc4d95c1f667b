// What /etc/hosts says about a name or an address: those lookups need no query.
#pragma once

#include <string_view>

namespace hfoffline::shim {

// As libc reads it: a name with a dot at its end is not in there.
// `family`: AF_INET, AF_INET6, or AF_UNSPEC for either. Reads the file at each call; no descriptor
// stays open.
bool hosts_file_has_name(std::string_view name, int family);
bool hosts_file_has_address(int family, const void* address);

}  // namespace hfoffline::shim
