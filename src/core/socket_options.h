// Socket options and control messages that lead past the loopback interface, whatever address is
// named: "127.0.0.1" by way of another interface is sent out on the wire.
//
// Pure: tables and bytes, no I/O. Values are those of Linux (linux/in.h, linux/in6.h,
// linux/sctp.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hfoffline {

struct OptionVerdict {
  int error = 0;          // 0: harmless; else what a namespace that has only lo says, or EPERM
  std::string_view name;  // "SO_BINDTODEVICE"
};

// Whether refuse_socket_option() looks at the value at all.
bool is_judged_option(int level, int option);

// setsockopt(2) of these bytes. A value too short for the option is the kernel's to refuse.
OptionVerdict refuse_socket_option(int level, int option, const void* value, std::size_t size);

// One control message of sendmsg(2). `*interface`: the interface it chooses, if that is one that
// only suits destinations outside of loopback; else 0.
OptionVerdict refuse_control_message(int level, int type, const void* data, std::size_t size,
                                     std::uint32_t* interface);

}  // namespace hfoffline
