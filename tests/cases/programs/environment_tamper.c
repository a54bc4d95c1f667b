/* Tries to change a managed variable in every way, and prints what others would see afterwards.
 *
 *   environment_tamper SET_NAME UNSET_NAME TIMES   of a variable the run sets, and of one it
 * removes */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char** environ;

static const char* in_environ(const char* name) {
  size_t length = strlen(name);
  for (char** entry = environ; entry != NULL && *entry != NULL; ++entry) {
    if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=') return *entry + length + 1;
  }
  return NULL;
}

static const char* or_none(const char* text) { return text == NULL ? "none" : text; }

static void say(const char* what, int result, const char* set, const char* unset) {
  printf("%s = %d, errno %d: %s %s %s, %s %s\n", what, result, errno, or_none(getenv(set)),
         or_none(secure_getenv(set)), or_none(in_environ(set)), or_none(getenv(unset)),
         or_none(in_environ(unset)));
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const char* set = argv[1];
  const char* unset = argv[2];
  char* text = NULL;
  for (int i = atoi(argv[3]); i > 0; --i) {
    errno = 0;
    say("setenv", setenv(set, "0", 1), set, unset);
    say("setenv without overwriting", setenv(set, "0", 0), set, unset);
    say("setenv of an unset one", setenv(unset, "x", 1), set, unset);
    say("setenv of an unset one without overwriting", setenv(unset, "x", 0), set, unset);
    if (asprintf(&text, "%s=0", set) < 0) return 2;
    say("putenv", putenv(text), set, unset);
    if (asprintf(&text, "%s=x", unset) < 0) return 2;
    say("putenv of an unset one", putenv(text), set, unset);
    say("putenv without =", putenv(strdup(set)), set, unset);
    say("unsetenv", unsetenv(set), set, unset);
    say("clearenv", clearenv(), set, unset);
  }
  /* What a shell and a child see after environ itself was replaced. */
  char command[512];
  snprintf(command, sizeof(command), "echo shell $%s ${%s-none}", set, unset);
  static char* nothing[] = {NULL};
  environ = nothing;
  fflush(stdout);
  if (system(command) != 0) puts("system failed");
  printf("getenv %s\n", or_none(getenv(set)));
  return 0;
}
