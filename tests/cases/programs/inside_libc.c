// Lets libc or the kernel write files and start programs by themselves, as its arguments say,
// VERB:PATH or VERB:TEXT, and says how each went.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/swap.h>
#include <unistd.h>
#include <wordexp.h>

static void say(const char* what, const char* with, int worked) {
  printf("%s:%s: %s\n", what, with, worked ? "done" : strerrorname_np(errno));
  fflush(stdout);
}

// The directory takes the place of /tmp, for this process alone.
static void make_temporary(const char* directory) {
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount(directory, "/tmp", NULL, MS_BIND, NULL) != 0) {
    say("mount", directory, 0);
    return;
  }
  say("tmpfile", directory, tmpfile() != NULL);
  say("tmpfile64", directory, tmpfile64() != NULL);
}

int main(int count, char** words) {
  for (int i = 1; i < count; i++) {
    char* at = strchr(words[i], ':');
    if (at == NULL) return 2;
    *at++ = 0;
    const char* verb = words[i];
    if (strcmp(verb, "acct") == 0) {
      int result = acct(at);
      say(verb, at, result == 0);
      if (result == 0) acct(NULL);
    } else if (strcmp(verb, "swapon") == 0) {
      say(verb, at, swapon(at, 0) == 0);
    } else if (strcmp(verb, "swapoff") == 0) {
      say(verb, at, swapoff(at) == 0);
    } else if (strcmp(verb, "tmpfile") == 0) {
      make_temporary(at);
    } else if (strcmp(verb, "wordexp") == 0) {
      wordexp_t found;
      clearenv();
      environ = NULL;
      int result = wordexp(at, &found, 0);
      printf("%s\n", result == 0 && found.we_wordc > 0 ? found.we_wordv[0] : "nothing");
    } else {
      return 2;
    }
  }
  return 0;
}
