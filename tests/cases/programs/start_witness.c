/* Starts the witness in every way, with every environment, from every place, and prints each
 * combination in which it does not say "ok".
 *
 *   start_witness WITNESS MODELS_DIR SHIM OTHER_LIBRARY
 *
 * Exit status: 0 if all said "ok". */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec_ways.h"
#include "signal_stack.h"

extern char** environ;

enum place { DIRECT, AFTER_VFORK, IN_THREAD, IN_HANDLER, IN_SMALL_THREAD, ON_SIGNAL_STACK, PLACES };
static const char* const place_names[PLACES] = {"directly",
                                                "after vfork",
                                                "in a thread",
                                                "in a signal handler",
                                                "in a thread with a 16 KiB stack",
                                                "on a small signal stack"};

#define MANY 3000

struct environment {
  const char* name;
  const char* preload; /* what the witness must see after the shim's own path */
  char** entries;
};

static const char* shim;
static char* arguments[6];

/* What is to be started, for the places that take no argument. */
static enum way now_way;
static char** now_environment;

static void start_now(void) {
  int result = start_program(now_way, arguments[0], arguments, now_environment);
  if (result == 0) _exit(0);
  dprintf(1, "not started: result %d, %s\n", result, strerror(errno));
  _exit(1);
}

static void* thread_body(void* unused) {
  (void)unused;
  start_now();
  return NULL;
}

static void handler(int signal) {
  (void)signal;
  start_now();
}

static void start_in_thread(size_t stack) {
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (stack != 0) pthread_attr_setstacksize(&attributes, stack);
  int error = pthread_create(&thread, &attributes, thread_body, NULL);
  if (error != 0) dprintf(1, "pthread_create: %s\n", strerror(error));
  if (error == 0) pthread_join(thread, NULL);
}

static void start_in_handler(size_t stack) {
  struct sigaction action = {.sa_handler = handler};
  if (stack != 0) {
    stack_t alternative = {.ss_size = stack};
    stack = (stack + 4095) & ~(size_t)4095;
    alternative.ss_sp = mmap(NULL, stack + 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    alternative.ss_sp = (char*)alternative.ss_sp + 65536; /* what lies below must not be touched */
    mprotect(alternative.ss_sp, stack, PROT_READ | PROT_WRITE);
    sigaltstack(&alternative, NULL);
    action.sa_flags = SA_ONSTACK;
  }
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
}

static void start_at(enum place place) {
  switch (place) {
    case AFTER_VFORK:
      if (vfork() == 0) start_now();
      int status;
      wait(&status);
      _exit(0);
    case IN_THREAD:
      start_in_thread(0);
      break;
    case IN_SMALL_THREAD:
      start_in_thread(16384);
      break;
    case IN_HANDLER:
      start_in_handler(0);
      break;
    case ON_SIGNAL_STACK:
      start_in_handler(small_signal_stack());
      break;
    default:
      start_now();
  }
}

/* system and popen may not be called between vfork and exec, nor on the smallest of stacks. */
static int makes_sense(enum way way, enum place place) {
  int calls_shell = way == WAY_SYSTEM || way == WAY_POPEN;
  int spawns = way == WAY_POSIX_SPAWN || way == WAY_POSIX_SPAWNP;
  if (place == AFTER_VFORK) return !calls_shell && !spawns;
  return place != ON_SIGNAL_STACK || !calls_shell;
}

static int try_one(enum way way, const struct environment* environment, enum place place) {
  int ends[2];
  if (pipe(ends) != 0) return 1;
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 1);
    close(ends[0]);
    close(ends[1]);
    now_way = way;
    now_environment = environment->entries;
    arguments[3] = (char*)environment->preload;
    start_at(place);
    _exit(1);
  }
  close(ends[1]);
  char said[65536];
  size_t used = 0;
  ssize_t got;
  while ((got = read(ends[0], said + used, sizeof(said) - 1 - used)) > 0) used += (size_t)got;
  said[used] = '\0';
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (strcmp(said, "ok\n") == 0 && status == 0) return 0;
  printf("%s, %s, %s: status %#x: %s\n", way_names[way], environment->name, place_names[place],
         status, used != 0 ? said : "nothing printed");
  return 1;
}

static char* text(const char* format, const char* argument) {
  char* result = NULL;
  if (asprintf(&result, format, argument) < 0) abort();
  return result;
}

static int starts_with(const char* entry, const char* name) {
  return strncmp(entry, name, strlen(name)) == 0;
}

/* A copy of environ without the entries that start so, and with these instead. */
static char** changed(const char* without, char* extra, char* more) {
  size_t count = 0;
  while (environ[count] != NULL) ++count;
  char** fresh = calloc(count + 3, sizeof(char*));
  size_t used = 0;
  for (size_t i = 0; i < count; ++i) {
    if (without == NULL || !starts_with(environ[i], without)) fresh[used++] = environ[i];
  }
  if (extra != NULL) fresh[used++] = extra;
  if (more != NULL) fresh[used++] = more;
  return fresh;
}

static char* filler(const char* name, size_t size) {
  char* entry = malloc(size + 64);
  int used = sprintf(entry, "%s=", name);
  memset(entry + used, 'x', size);
  entry[(size_t)used + size] = '\0';
  return entry;
}

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  shim = argv[3];
  const char* other = argv[4];
  arguments[0] = argv[1];
  arguments[1] = argv[2];
  arguments[2] = argv[3];

  static char* empty[] = {NULL};
  char** large = calloc(16, sizeof(char*));
  for (int i = 0; i < 3; ++i) {
    char name[16];
    snprintf(name, sizeof(name), "LARGE_%d", i);
    large[i] = filler(name, 100 * 1024);
  }
  char** many = calloc(MANY + 1, sizeof(char*));
  for (int i = 0; i < MANY; ++i) {
    char name[32];
    snprintf(name, sizeof(name), "MANY_%d", i);
    many[i] = filler(name, 20);
  }
  char** odd = calloc(8, sizeof(char*));
  odd[0] = text("%s", "");
  odd[1] = text("%s", "NO_EQUALS_SIGN");
  odd[2] = text("%s", "=starts with it");
  odd[3] = text("%s", "HF_HUB_OFFLINE");
  odd[4] = text("%s", "LD_PRELOAD");
  odd[5] = text("%s", "HF_HUB_OFFLINE=0");
  odd[6] = text("%s", "HF_HUB_OFFLINE=2");

  char both[8192];
  snprintf(both, sizeof(both), "LD_PRELOAD=%s %s:%s", other, shim, other);
  char two[8192];
  snprintf(two, sizeof(two), "%s:%s", other, other);
  const struct environment environments[] = {
      {"unchanged", NULL, environ},
      {"no environment (NULL)", NULL, NULL},
      {"empty", NULL, empty},
      {"without LD_PRELOAD", NULL, changed("LD_PRELOAD=", NULL, NULL)},
      {"another LD_PRELOAD", other, changed("LD_PRELOAD=", text("LD_PRELOAD=%s", other), NULL)},
      {"LD_PRELOAD with ours in the middle", two, changed("LD_PRELOAD=", both, NULL)},
      {"empty LD_PRELOAD", NULL, changed("LD_PRELOAD=", text("%s", "LD_PRELOAD="), NULL)},
      {"HF_HUB_OFFLINE=0", NULL, changed("HF_HUB_OFFLINE=", text("%s", "HF_HUB_OFFLINE=0"), NULL)},
      {"an unset variable set", NULL, changed(NULL, text("%s", "TRANSFORMERS_CACHE=/x"), NULL)},
      {"without the policy", NULL, changed("HFOFFLINE_", NULL, NULL)},
      {"a damaged policy", NULL,
       changed("HFOFFLINE_POLICY=", text("%s", "HFOFFLINE_POLICY=aGZmb2Zm"), NULL)},
      {"two policies", NULL, changed(NULL, text("%s", "HFOFFLINE_POLICY=x"), NULL)},
      {"a check-in left over", NULL, changed(NULL, text("%s", "HFOFFLINE_CHECKIN=1"), NULL)},
      {"300 KiB", NULL, large},
      {"3000 variables", NULL, many},
      {"odd entries", NULL, odd},
  };
  int failed = 0;
  int tried = 0;
  for (int way = 0; way < WAY_COUNT; ++way) {
    for (size_t i = 0; i < sizeof(environments) / sizeof(environments[0]); ++i) {
      for (int place = 0; place < PLACES; ++place) {
        if (!makes_sense(way, place)) continue;
        fflush(stdout);
        failed += try_one(way, &environments[i], place);
        ++tried;
      }
    }
  }
  printf("%d of %d starts failed\n", failed, tried);
  return failed == 0 ? 0 : 1;
}
