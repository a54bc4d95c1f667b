// How the loader of this platform is told to load us.
#pragma once

#if defined(__APPLE__)
#define HFOFFLINE_PRELOAD_VARIABLE "DYLD_INSERT_LIBRARIES"
#define HFOFFLINE_SHIM_NAME "libhfoffline.dylib"
#else
#define HFOFFLINE_PRELOAD_VARIABLE "LD_PRELOAD"
#define HFOFFLINE_SHIM_NAME "libhfoffline.so"
#endif
