// The system calls of sockets, made by syscall(2): judged as their functions are, and passed on
// with what was judged. Each returns what syscall() is to return.
#pragma once

#include "shim/system_call_arguments.h"

namespace hfoffline::shim {

long connect_by_number(const SystemCallArguments& a);
long sendto_by_number(const SystemCallArguments& a);
long sendmsg_by_number(const SystemCallArguments& a);
long sendmmsg_by_number(const SystemCallArguments& a);
long setsockopt_by_number(const SystemCallArguments& a);
long bind_by_number(const SystemCallArguments& a);

}  // namespace hfoffline::shim
