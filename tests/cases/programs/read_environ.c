/* One thread reads `environ` all the time; others call system() with an environment that the shim
 * must put right first. POSIX lets system() and readers of the environment run together. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char** environ;

enum { kSpent = 400, kKept = 400, kRounds = 150 };

static int done;
static int torn;
static int wrong;

static void* read_it(void* unused) {
  while (__atomic_load_n(&done, __ATOMIC_ACQUIRE) == 0) {
    int kept = 0;
    for (char** entry = __atomic_load_n(&environ, __ATOMIC_ACQUIRE); *entry != NULL; ++entry)
      kept += (*entry)[0] == 'K' && (*entry)[1] == '_';
    torn += kept != kKept;
  }
  return unused;
}

static void* start_it(void* unused) {
  for (int i = 0; i < kRounds; ++i) {
    /* As a program does that keeps its variables itself. */
    __atomic_store_n(&environ[0], (char*)"HF_HUB_OFFLINE=0", __ATOMIC_RELEASE);
    if (system("test \"$HF_HUB_OFFLINE$K_7\" = 1x") != 0)
      __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
  }
  return unused;
}

int main(int argc, char** argv) {
  static char* entries[kSpent + kKept + 2];
  pthread_t reader, starters[2];
  int count = argc > 1 ? atoi(argv[1]) : 1;
  const char* path = getenv("PATH");
  for (int i = 0; i < kSpent + kKept; ++i) {
    if (asprintf(&entries[i], i < kSpent ? "J_%d=x" : "K_%d=x", i < kSpent ? i : i - kSpent) < 0)
      return 2;
  }
  if (asprintf(&entries[kSpent + kKept], "PATH=%s", path) < 0) return 2;
  environ = entries;
  if (system("true") != 0) return 2;
  pthread_create(&reader, NULL, read_it, NULL);
  for (int i = 0; i < count; ++i) pthread_create(&starters[i], NULL, start_it, NULL);
  for (int i = 0; i < count; ++i) pthread_join(starters[i], NULL);
  __atomic_store_n(&done, 1, __ATOMIC_RELEASE);
  pthread_join(reader, NULL);
  printf("torn %s, wrong %d\n", torn == 0 ? "never" : "sometimes", wrong);
  return 0;
}
