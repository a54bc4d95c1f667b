// Where descriptors end, and their numbers become free for others: what was remembered about them
// ends too. Nothing is refused here.
#include <unistd.h>

#include "shim/interpose.h"
#include "shim/socket_facts.h"
#include "shim/undeclared.h"

using namespace hfoffline::shim;

// Forgotten before, not after: the number may be another thread's as soon as it is closed.
#define INTERPOSE_CLOSE(name)              \
  INTERPOSE(int, name, (int descriptor)) { \
    forget_socket_type(descriptor);        \
    return NEXT(name)(descriptor);         \
  }

INTERPOSE_CLOSE(close)
INTERPOSE_CLOSE(__close)

#define INTERPOSE_DUP2(name)                        \
  INTERPOSE(int, name, (int old, int descriptor)) { \
    forget_socket_type(descriptor);                 \
    return NEXT(name)(old, descriptor);             \
  }

INTERPOSE_DUP2(dup2)
INTERPOSE_DUP2(__dup2)

INTERPOSE(int, dup3, (int old, int descriptor, int flags)) {
  forget_socket_type(descriptor);
  return NEXT(dup3)(old, descriptor, flags);
}

// musl has neither of these, and programs that may run there ask first.
INTERPOSE(int, close_range, (unsigned first, unsigned last, int flags)) {
  forget_socket_types(first, last);
  return NEXT(close_range)(first, last, flags);
}

INTERPOSE(void, closefrom, (int first)) {
  forget_socket_types(first < 0 ? 0 : static_cast<unsigned>(first), ~0U);
  NEXT(closefrom)(first);
}
