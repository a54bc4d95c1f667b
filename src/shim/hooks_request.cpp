// ioctl(2), of which only few requests are looked at.
#include <stdarg.h>
#include <sys/ioctl.h>

#include "shim/interpose.h"
#include "shim/judge_request.h"

using namespace hfoffline::shim;

INTERPOSE(int, ioctl, (int descriptor, unsigned long request, ...)) {
  va_list list;
  va_start(list, request);
  void* argument = va_arg(list, void*);
  va_end(list);
  if (const int error = judge_request(descriptor, request)) return fail(error);
  return NEXT(ioctl)(descriptor, request, argument);
}
