// Libraries that would be loaded past the shim.
//
// Keeps errno. Async-signal-safe.
#pragma once

namespace hfoffline::shim {

// The flags without RTLD_DEEPBIND, which makes a library find libc before us. Recorded.
int without_deep_binding(const char* operation, const char* path, int flags);

// A library with a namespace, and a libc, of its own. 0: go on; else an errno. Recorded either way.
int judge_loading_apart(const char* path);
// What the loader is told to load instead of a refused library, so that dlerror() has something to
// say.
inline constexpr char kNoLibrary[] = "/hfoffline: refused, see [exec] unshimmed";

}  // namespace hfoffline::shim
