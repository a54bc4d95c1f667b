#include "shim/resolver_state.h"

#include <netinet/in.h>
#include <resolv.h>

namespace hfoffline::shim {

void set_resolver_error(void* state, int error) {
  static_cast<struct __res_state*>(state)->res_h_errno = error;
}

}  // namespace hfoffline::shim
