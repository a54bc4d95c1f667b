/* Does many random things to its environment and prints what each returned, and what is left. Run
 * bare and under the shim with the same seed, the output must be the same.
 *
 *   environment_operations SEED COUNT
 *
 * Only names that start with T_ are used: no preset manages those. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char** environ;

static uint64_t state;
static unsigned draw(unsigned below) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(state >> 33) % below;
}

static const char* const names[] = {
    "T_A", "T_AB", "T_ABC", "T_", "T_B", "T_LONGER_NAME_1", "T_LONGER_NAME_2",
    "T_a", "T_A=", "T_=B",  ""};
#define NAMES (sizeof(names) / sizeof(names[0]))

static const char* volatile no_name; /* NULL, which the compiler must not know */

static const char* value(void) {
  static char text[5000];
  static const char* const few[] = {"", "1", "=", "a=b", "T_A=1", "with spaces", "\xff\xfe"};
  unsigned kind = draw(9);
  if (kind < 7) return few[kind];
  unsigned length = draw(kind == 7 ? 100 : 4900);
  memset(text, 'a' + (int)draw(26), length);
  text[length] = '\0';
  return text;
}

static void say(const char* operation, const char* name, long result) {
  printf("%s(%s) = %ld, errno %d\n", operation, name == NULL ? "NULL" : name, result, errno);
}

static void say_value(const char* operation, const char* name, const char* found) {
  printf("%s(%s) = %.60s (%zu)\n", operation, name, found == NULL ? "NULL" : found,
         found == NULL ? 0 : strlen(found));
}

static int by_text(const void* a, const void* b) {
  return strcmp(*(char* const*)a, *(char* const*)b);
}

static void say_all(void) {
  static char* sorted[10000];
  size_t count = 0;
  for (char** entry = environ; entry != NULL && *entry != NULL; ++entry) {
    if (strncmp(*entry, "T_", 2) == 0 || strchr(*entry, '=') == NULL || **entry == '=') {
      sorted[count++] = *entry;
    }
  }
  qsort(sorted, count, sizeof(sorted[0]), by_text);
  for (size_t i = 0; i < count; ++i) printf("  %.80s (%zu)\n", sorted[i], strlen(sorted[i]));
}

/* Programs do this: an array of their own, with duplicates and entries that are no assignments. */
static void replace(void) {
  char** fresh = calloc(12, sizeof(char*));
  for (unsigned i = 0; i < 11; ++i) {
    if (asprintf(&fresh[i], "%s%s%s", names[draw(NAMES)], draw(5) != 0 ? "=" : "", value()) < 0)
      abort();
  }
  if (draw(10) == 0) fresh[0] = NULL;
  environ = draw(15) == 0 ? NULL : fresh;
}

static void do_one(void) {
  const char* name = names[draw(NAMES)];
  char* text = NULL;
  int result;
  errno = 0;
  switch (draw(24)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
      say_value("getenv", name, getenv(name));
      break;
    case 6:
    case 7:
      say_value("secure_getenv", name, secure_getenv(name));
      break;
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
      result = setenv(name, value(), (int)draw(2));
      say("setenv", name, result);
      break;
    case 13:
    case 14:
    case 15:
      result = unsetenv(name);
      say("unsetenv", name, result);
      break;
    case 16:
    case 17:
    case 18:
      if (asprintf(&text, "%s=%s", name, value()) < 0) abort();
      result = putenv(text);
      say("putenv", name, result);
      if (draw(4) == 0 && strlen(text) > 8)
        text[strlen(text) - 1] = '!'; /* it stays the caller's */
      break;
    case 19:
      if (asprintf(&text, "%s", name) < 0) abort();
      result = putenv(text);
      say("putenv without =", name, result);
      break;
    case 20:
#ifndef __GLIBC__
      break; /* musl does not look */
#endif
      result = setenv(no_name, "x", 1);
      say("setenv", NULL, result);
      result = unsetenv(no_name);
      say("unsetenv", NULL, result);
      break;
    case 21:
      if (draw(8) == 0) {
        result = clearenv();
        say("clearenv", "", result);
      }
      break;
    case 22:
      if (draw(4) == 0) replace();
      break;
    default:
      say_all();
  }
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  state = strtoull(argv[1], NULL, 10);
  for (long i = strtol(argv[2], NULL, 10); i > 0; --i) do_one();
  say_all();
  return 0;
}
