/* Starts a shell after vfork() with an environment that is too large for the stack, over and over,
 * and says by how many KiB this process has grown.
 *
 *   vfork_often ROUNDS THREADS */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kVariables = 9000 };

static char* variables[kVariables + 1];
static int rounds;
static int failed;

static long kib_of_memory(void) {
  char line[256];
  long kib = -1;
  FILE* file = fopen("/proc/self/status", "r");
  while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
    if (sscanf(line, "VmSize: %ld", &kib) == 1) break;
  }
  fclose(file);
  return kib;
}

static void start_one(void) {
  static char* const arguments[] = {
      "sh", "-c", "test \"$V8999\" = x && test \"$HF_HUB_OFFLINE\" = \"$WANTED\"", NULL};
  int status = 0;
  pid_t child = vfork();
  if (child == 0) {
    execve("/bin/sh", arguments, variables);
    _exit(99);
  }
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
    __atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
}

static void* start_many(void* unused) {
  for (int i = 0; i < rounds; ++i) start_one();
  return unused;
}

/* A failed exec gives back what it took, and the next one works. */
static void fail_one(void) {
  static char* const arguments[] = {"nothing", NULL};
  int status = 0;
  pid_t child = vfork();
  if (child == 0) {
    execve("/nonexistent", arguments, variables);
    _exit(99);
  }
  if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 99) ++failed;
}

int main(int argc, char** argv) {
  enum { kMostThreads = 8 };
  pthread_t threads[kMostThreads];
  if (argc != 3) return 2;
  rounds = atoi(argv[1]);
  int count = atoi(argv[2]);
  const char* wanted = getenv("WANTED");
  static char wanted_entry[64];
  snprintf(wanted_entry, sizeof(wanted_entry), "WANTED=%s", wanted == NULL ? "" : wanted);
  variables[0] = wanted_entry;
  for (int i = 1; i < kVariables; ++i) {
    if (asprintf(&variables[i], "V%d=x", i) < 0) return 2;
  }
  start_one();
  fail_one();
  long before = 0;
  for (int time = 0; time < 2; ++time) {
    if (time == 1) before = kib_of_memory(); /* the threads' stacks are there by now */
    for (int i = 0; i < count; ++i) pthread_create(&threads[i], NULL, start_many, NULL);
    for (int i = 0; i < count; ++i) pthread_join(threads[i], NULL);
    if (count == 0) start_many(NULL);
  }
  printf("%d failed\n%ld\n", failed, kib_of_memory() - before);
  return 0;
}
