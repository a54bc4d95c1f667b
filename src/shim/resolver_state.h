// The resolver's state of <resolv.h>, which renames functions that we define: kept out of the way.
#pragma once

namespace hfoffline::shim {

// As the resolver does before it fails. `state` is a res_state.
void set_resolver_error(void* state, int error);

}  // namespace hfoffline::shim
