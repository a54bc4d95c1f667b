/* A program whose code runs before every constructor (preinit_array) and after main. */
#define _GNU_SOURCE
#include "early_tries.h"

static void before_everything(void) { early_tries("preinit"); }
__attribute__((section(".preinit_array"),
               used)) static void (*const first)(void) = before_everything;

__attribute__((constructor)) static void begin(void) { early_tries("program constructor"); }
__attribute__((destructor)) static void end(void) {
  if (getenv("EARLY_TIMES") != NULL) late_tries(atoi(getenv("EARLY_TIMES")));
}
static void at_exit(void) {
  if (getenv("EARLY_TIMES") != NULL) late_tries(atoi(getenv("EARLY_TIMES")));
}

int main(void) {
  atexit(at_exit);
  early_tries("main");
  return 0;
}
