/* Preloaded with the shim: a constructor whose threads all ask at once, perhaps before the shim's
 * own constructor has run. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kThreads = 4, kTimes = 20000 };

static pthread_barrier_t start;

static void* ask(void* wrong) {
  pthread_barrier_wait(&start);
  for (int i = 0; i < kTimes; ++i) {
    const char* value = getenv("HF_HUB_OFFLINE");
    if (value == NULL || strcmp(value, "1") != 0) {
      *(int*)wrong = 1;
      break;
    }
  }
  return NULL;
}

__attribute__((constructor)) static void begin(void) {
  pthread_t threads[kThreads];
  int wrong[kThreads] = {0};
  int sum = 0;
  pthread_barrier_init(&start, NULL, kThreads);
  for (int i = 0; i < kThreads; ++i) pthread_create(&threads[i], NULL, ask, &wrong[i]);
  for (int i = 0; i < kThreads; ++i) {
    pthread_join(threads[i], NULL);
    sum += wrong[i];
  }
  dprintf(1, "%d threads were told something else\n", sum);
}
