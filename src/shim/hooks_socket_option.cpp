// Options by which a socket leads past the loopback interface or connects.
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/socket_options.h"
#include "shim/interpose.h"
#include "shim/judge_socket_option.h"

using namespace hfoffline::shim;

namespace {

// Of linux/sctp.h.
constexpr int kConnectOld = 107;
constexpr int kConnect = 110;
constexpr int kConnectAndGetId = 111;

// What is judged is what the kernel gets: no option that is judged has a longer value.
constexpr socklen_t kLongestValue = 512;

bool connects_sctp(int level, int option) {
  return level == IPPROTO_SCTP && (option == kConnectOld || option == kConnect);
}

}  // namespace

INTERPOSE(int, setsockopt,
          (int descriptor, int level, int option, const void* value, socklen_t size)) {
  const bool connects = connects_sctp(level, option);
  if (value == nullptr || size == 0 || (!connects && !hfoffline::is_judged_option(level, option))) {
    return NEXT(setsockopt)(descriptor, level, option, value, size);
  }
  // The kernel takes no more of a shorter option; SCTP counts the addresses.
  if (size > kLongestValue) {
    if (connects || static_cast<int>(size) < 0) return fail(EINVAL);
    size = kLongestValue;
  }
  alignas(8) unsigned char copy[kLongestValue];
  __builtin_memcpy(copy, value, size);
  const int error = connects ? judge_packed_addresses(descriptor, copy, size)
                             : judge_socket_option(descriptor, level, option, copy, size);
  if (error != 0) return fail(error);
  return NEXT(setsockopt)(descriptor, level, option, copy, size);
}

INTERPOSE(int, getsockopt, (int descriptor, int level, int option, void* value, socklen_t* size)) {
  if (level == IPPROTO_SCTP && option == kConnectAndGetId && value != nullptr && size != nullptr) {
    struct Request {  // struct sctp_getaddrs_old
      int association;
      int bytes;
      const void* addresses;
    };
    if (*size >= sizeof(Request)) {
      const auto* request = static_cast<const Request*>(value);
      if (const int error = judge_packed_addresses(descriptor, request->addresses,
                                                   static_cast<unsigned>(request->bytes)))
        return fail(error);
    }
  }
  return NEXT(getsockopt)(descriptor, level, option, value, size);
}
