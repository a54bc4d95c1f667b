// The table that dyld reads: of each row of hooks.def for macOS, our function and the one it stands
// in for. A row without a body does not link. No header of libSystem is included, so that the names
// are symbols and nothing else.
#include "shim/platform_rows.h"

#define HOOK(name, family, need, platform)            \
  HOOK_HERE_##platform(extern "C" void hook_##name(); \
                       extern "C" void original_##name() __asm__("_" #name);)
#define API(name)
#define SKIP(name, why)
#include "shim/hooks.def"
#undef HOOK

namespace {

struct InterposePair {
  void (*replacement)();
  void (*original)();
};

#define HOOK(name, family, need, platform) HOOK_HERE_##platform({&hook_##name, &original_##name}, )
__attribute__((used, section("__DATA,__interpose"))) const InterposePair interpose_pairs[] = {
#include "shim/hooks.def"
};
#undef HOOK
#undef API
#undef SKIP

}  // namespace
