// Where libc looks up the names of networks (getnetbyname): /etc/networks, and name servers, if it
// is set up so.
//
// Async-signal-safe; keeps errno.
#pragma once

#include <cstdint>
#include <string_view>

namespace hfoffline::shim {

// Whether a network that no file knows is asked of name servers. Where /etc/nsswitch.conf says
// nothing, glibc does; musl never does.
bool networks_ask_name_servers();

bool networks_file_has_name(std::string_view name);
// `number` as getnetbyaddr takes it: 127.0.0.0 is 0x7f000000.
bool networks_file_has_number(std::uint32_t number);

}  // namespace hfoffline::shim
