// The control messages of a message, as the kernel walks them: CMSG_OK and CMSG_NXTHDR of
// linux/socket.h.
#pragma once

#include <sys/socket.h>

#include <cstddef>

namespace hfoffline::shim {

// Calls visit(header, data, size) for each until one call does not return 0, which is the result.
template <class Visit>
int each_control_message(const struct msghdr& message, Visit visit) {
  const auto* bytes = static_cast<const unsigned char*>(message.msg_control);
  const std::size_t all = bytes == nullptr ? 0 : message.msg_controllen;
  for (std::size_t at = 0; at + sizeof(struct cmsghdr) <= all;) {
    struct cmsghdr header;
    __builtin_memcpy(&header, bytes + at, sizeof(header));
    const std::size_t length = header.cmsg_len;
    if (length < sizeof(header) || length > all - at) return 0;
    if (const int result = visit(header, bytes + at + sizeof(header), length - sizeof(header)))
      return result;
    at += CMSG_ALIGN(length);
  }
  return 0;
}

}  // namespace hfoffline::shim
