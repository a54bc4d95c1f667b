// What programs load and look up at run time, as far as it could take them past the hooks.
//
// Reports what it finds; keeps errno; async-signal-safe.
#pragma once

namespace hfoffline::shim {

// dlopen's and dlmopen's flags without RTLD_DEEPBIND, which would have the library find libc's
// functions before ours.
int flags_without_deep_bind(const char* operation, const char* file, int flags);

// Whether a library may be loaded into a namespace of its own: it gets another libc there, and no
// shim.
bool may_leave_namespace(const char* file);

// What dlsym() found by the handle of one library: our hook where that is libc's own function, else
// what was found. Who defines the function as well (an interposing library behind us, which
// `caller` lies in) gets what it asked for: it means to pass the call on.
void* hook_instead_of(const char* name, void* found, const void* caller);

}  // namespace hfoffline::shim
