// The dynamic loader: what would lead past the shim.
//
// The loader looks at who calls it ($ORIGIN, RTLD_NEXT), so these functions end in jumps: nothing
// of ours may be on the stack by then.
#include <dlfcn.h>

#include "shim/interpose.h"
#include "shim/judge_loading.h"
#include "shim/next_symbol.h"

using namespace hfoffline::shim;

INTERPOSE(void*, dlopen, (const char* path, int flags)) {
  if ((flags & RTLD_DEEPBIND) != 0) flags = without_deep_binding("dlopen", path, flags);
  return NEXT(dlopen)(path, flags);
}

INTERPOSE(void*, dlmopen, (Lmid_t space, const char* path, int flags)) {
  if (space == LM_ID_BASE) {
    if ((flags & RTLD_DEEPBIND) != 0) flags = without_deep_binding("dlmopen", path, flags);
  } else if (judge_loading_apart(path) != 0) {
    path = kNoLibrary;
  }
  return NEXT(dlmopen)(space, path, flags);
}

namespace {

// Whether the loader is to answer: the function is none of ours, the global scope has ours first,
// or a library that has a function of this name itself asks for the one behind it.
bool loader_answers(void* handle, const char* name, const void* caller) {
  find_next_objects_early();
  // A sanitizer's runtime, looking for what it wraps.
  if (handle == RTLD_NEXT && is_early()) return true;
  return name == nullptr || handle == RTLD_DEFAULT || own_definition(name) == nullptr ||
         !is_next_in_libc(name) || is_defined_beside(caller, name);
}

// Who asks libc for a function gets the one that he would call.
void* ours_for(void* found, const char* name) {
  return found != nullptr && is_libcs(name, found) ? own_definition(name) : found;
}

}  // namespace

INTERPOSE(void*, dlsym, (void* handle, const char* name)) {
  void* caller = __builtin_return_address(0);
  if (loader_answers(handle, name, caller)) return NEXT(dlsym)(handle, name);
  if (handle == RTLD_NEXT) return own_definition(name);
  return ours_for(NEXT(dlsym)(handle, name), name);
}

INTERPOSE(void*, dlvsym, (void* handle, const char* name, const char* version)) {
  void* caller = __builtin_return_address(0);
  if (loader_answers(handle, name, caller)) return NEXT(dlvsym)(handle, name, version);
  if (handle == RTLD_NEXT) return own_definition(name);
  return ours_for(NEXT(dlvsym)(handle, name, version), name);
}
