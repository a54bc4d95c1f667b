/* One thread adds and removes a variable all the time, another starts programs with that
 * environment: the array may become shorter between any two looks at it. */
#define _GNU_SOURCE
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int done;

static void* change(void* unused) {
  while (!done) {
    setenv("COMES_AND_GOES", "x", 1);
    unsetenv("COMES_AND_GOES");
  }
  return unused;
}

int main(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, change, NULL);
  char* arguments[] = {"true", NULL};
  int failed = 0;
  for (int i = 0; i < 1000; ++i) {
    pid_t child;
    int status = 1;
    if (posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ) == 0)
      waitpid(child, &status, 0);
    failed += status != 0;
  }
  done = 1;
  pthread_join(thread, NULL);
  printf("%d failed\n", failed);
  return 0;
}
