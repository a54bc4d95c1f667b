#include "shim/received.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/sys.h"
#include "shim/control_messages.h"
#include "shim/descriptor_link.h"
#include "shim/judge_network.h"
#include "shim/judge_path.h"
#include "shim/own_filter.h"
#include "shim/socket_facts.h"

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
  const long flags = sys::fcntl(descriptor, F_GETFL) & kKept;
  long reopened =
      sys::open(DescriptorLink(descriptor).text, static_cast<int>(flags) | O_RDONLY | O_CLOEXEC);
  if (reopened >= 0) {
    const long offset = sys::call(SYS_lseek, descriptor, 0, SEEK_CUR);
    if (offset > 0) sys::call(SYS_lseek, reopened, offset, SEEK_SET);
  } else {
    reopened = sys::open("/dev/null", O_RDONLY | O_CLOEXEC);
  }
  replace(descriptor, reopened);
}

void disconnect(int descriptor) {
  const long status = sys::fcntl(descriptor, F_GETFL);
  const int type =
      ask_socket_type(descriptor) | SOCK_CLOEXEC | ((status & O_NONBLOCK) != 0 ? SOCK_NONBLOCK : 0);
  replace(descriptor, sys::call(SYS_socket, socket_option(descriptor, SO_DOMAIN), type,
                                socket_option(descriptor, SO_PROTOCOL)));
}

}  // namespace

void hold_received(const char* operation, int descriptor) {
  if (has_protected_trees() && judge_writable_descriptor(operation, descriptor) != 0) {
    make_read_only(descriptor);
    return;
  }
  // Browsers hand sockets to processes that are ended for asking where a socket leads.
  if (!has_own_filter() && judge_connected(operation, descriptor) != 0) disconnect(descriptor);
}

void hold_received_in(const char* operation, const struct msghdr& message) {
  each_control_message(
      message, [&](const struct cmsghdr& header, const unsigned char* data, std::size_t size) {
        if (header.cmsg_level != SOL_SOCKET || header.cmsg_type != SCM_RIGHTS) return 0;
        for (std::size_t at = 0; at + sizeof(int) <= size; at += sizeof(int)) {
          int descriptor;
          __builtin_memcpy(&descriptor, data + at, sizeof(descriptor));
          hold_received(operation, descriptor);
        }
        return 0;
      });
}

}  // namespace hfoffline::shim
