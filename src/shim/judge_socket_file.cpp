#include "shim/judge_socket_file.h"

#include <errno.h>
#include <fcntl.h>

#include <cstddef>

#include "shim/socket_facts.h"

namespace hfoffline::shim {

int judge_socket_file(const char* operation, int descriptor, CopiedAddress& address) {
  // Other sockets refuse the address by themselves.
  if (!names_socket_file(address) || !is_unix_socket(descriptor)) return 0;
  // The path need not end with a NUL.
  static_assert(sizeof(address.bytes) > sizeof(struct sockaddr_un));
  address.bytes[address.length] = '\0';
  const int error = judge_make_file(
      operation, AT_FDCWD,
      reinterpret_cast<const char*>(address.bytes) + offsetof(struct sockaddr, sa_data));
  return error == EEXIST ? EADDRINUSE : error;
}

}  // namespace hfoffline::shim
