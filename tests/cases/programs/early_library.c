/* Preloaded after the shim: its constructor runs before or after the shim's own, and its destructor
 * as well. Prints what it got; see library_order.c, whose preinit_array runs before every
 * constructor.
 *
 * What it tries is in the environment: EARLY_MODELS, and EARLY_TIMES connects at the end. */
#define _GNU_SOURCE
#include "early_tries.h"

__attribute__((constructor)) static void begin(void) { early_tries("library constructor"); }

__attribute__((destructor)) static void end(void) {
  if (getenv("EARLY_TIMES") != NULL) late_tries(atoi(getenv("EARLY_TIMES")));
}
