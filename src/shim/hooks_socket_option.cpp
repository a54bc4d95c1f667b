// Options by which a socket leads past the loopback interface or connects.
#include <errno.h>
#include <sys/socket.h>

#include "shim/interpose.h"
#include "shim/judge_socket_option.h"

using namespace hfoffline::shim;

INTERPOSE(int, setsockopt,
          (int descriptor, int level, int option, const void* value, socklen_t size)) {
  const OptionCall judged(descriptor, level, option, value, size);
  if (judged.error != 0) return fail(judged.error);
  return NEXT(setsockopt)(descriptor, level, option, judged.value, judged.size);
}

INTERPOSE(int, getsockopt, (int descriptor, int level, int option, void* value, socklen_t* size)) {
  if (const int error = judge_option_read(descriptor, level, option, value, size))
    return fail(error);
  return NEXT(getsockopt)(descriptor, level, option, value, size);
}
