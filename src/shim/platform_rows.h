// Which rows of hooks.def are of the platform that is compiled for. A consumer writes
//
//   #define HOOK(name, family, need, platform) HOOK_HERE_##platform(what is to become of the row)
#pragma once

#if defined(__APPLE__)
#define HOOK_HERE_linux(...)
#define HOOK_HERE_darwin(...) __VA_ARGS__
#define HOOK_HERE_both(...) __VA_ARGS__
#if defined(__x86_64__)
#define HOOK_HERE_darwin_x86_64(...) __VA_ARGS__
#else
#define HOOK_HERE_darwin_x86_64(...)
#endif
#else
#define HOOK_HERE_linux(...) __VA_ARGS__
#define HOOK_HERE_darwin(...)
#define HOOK_HERE_darwin_x86_64(...)
#define HOOK_HERE_both(...) __VA_ARGS__
#endif
