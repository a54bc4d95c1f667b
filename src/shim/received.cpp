#include "shim/received.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/sys.h"
#include "core/text.h"
#include "shim/judge_network.h"
#include "shim/judge_path.h"

namespace hfoffline::shim {
namespace {

void replace(int descriptor, long replacement) {
  if (replacement < 0) {
    // Rather none than this one.
    sys::close(descriptor);
    return;
  }
  const long kept = sys::fcntl(descriptor, F_GETFD);
  sys::call(SYS_dup3, replacement, descriptor, (kept & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0);
  sys::close(static_cast<int>(replacement));
}

void make_read_only(int descriptor) {
  constexpr long kKept = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME;
  char link[32];
  Appender(link).add("/proc/self/fd/").add_signed(descriptor).c_str();
  const long flags = sys::fcntl(descriptor, F_GETFL) & kKept;
  long reopened = sys::open(link, static_cast<int>(flags) | O_RDONLY | O_CLOEXEC);
  if (reopened >= 0) {
    const long offset = sys::call(SYS_lseek, descriptor, 0, SEEK_CUR);
    if (offset > 0) sys::call(SYS_lseek, reopened, offset, SEEK_SET);
  } else {
    reopened = sys::open("/dev/null", O_RDONLY | O_CLOEXEC);
  }
  replace(descriptor, reopened);
}

int option_of(int descriptor, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  sys::call(SYS_getsockopt, descriptor, SOL_SOCKET, option, sys::word(&value), sys::word(&size));
  return value;
}

void disconnect(int descriptor) {
  const long status = sys::fcntl(descriptor, F_GETFL);
  const int type = option_of(descriptor, SO_TYPE) | SOCK_CLOEXEC |
                   ((status & O_NONBLOCK) != 0 ? SOCK_NONBLOCK : 0);
  replace(descriptor, sys::call(SYS_socket, option_of(descriptor, SO_DOMAIN), type,
                                option_of(descriptor, SO_PROTOCOL)));
}

}  // namespace

void hold_received(const char* operation, int descriptor) {
  if (has_protected_trees() && judge_writable_descriptor(operation, descriptor) != 0) {
    make_read_only(descriptor);
  } else if (judge_connected(operation, descriptor) != 0) {
    disconnect(descriptor);
  }
}

void hold_received_in(const char* operation, const struct msghdr& message) {
  const auto* bytes = static_cast<const unsigned char*>(message.msg_control);
  const std::size_t size = bytes == nullptr ? 0 : message.msg_controllen;
  for (std::size_t at = 0; at + sizeof(struct cmsghdr) <= size;) {
    struct cmsghdr header;
    __builtin_memcpy(&header, bytes + at, sizeof(header));
    if (header.cmsg_len < sizeof(header) || header.cmsg_len > size - at) return;
    if (header.cmsg_level == SOL_SOCKET && header.cmsg_type == SCM_RIGHTS) {
      for (std::size_t from = sizeof(header); from + sizeof(int) <= header.cmsg_len;
           from += sizeof(int)) {
        int descriptor;
        __builtin_memcpy(&descriptor, bytes + at + from, sizeof(descriptor));
        hold_received(operation, descriptor);
      }
    }
    at += CMSG_ALIGN(header.cmsg_len);
  }
}

}  // namespace hfoffline::shim
