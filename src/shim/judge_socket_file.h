// bind(2) of a Unix socket, which makes a file.
//
// Async-signal-safe; keeps errno.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>

#include "shim/judge_network.h"
#include "shim/judge_path.h"

namespace hfoffline::shim {

// Whether the address names a file: an abstract name begins with a NUL.
inline bool names_socket_file(const CopiedAddress& address) {
  return address.length > offsetof(struct sockaddr, sa_data) &&
         address.length <= sizeof(struct sockaddr_un) && address.get()->sa_family == AF_UNIX &&
         address.bytes[offsetof(struct sockaddr, sa_data)] != '\0';
}

// 0: go on; else an errno, already reported.
int judge_socket_file(const char* operation, int descriptor, CopiedAddress& address);

}  // namespace hfoffline::shim
