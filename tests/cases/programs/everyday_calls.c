/* What an ordinary program does, refused and allowed, in threads and in a child. Built with
 * sanitizers, with musl, or run with other libraries preloaded, it must end as it does without.
 *
 *   everyday_calls MODELS OUTSIDE [child]    prints one line per process; exit status 0: all right
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hfoffline/hfoffline.h"

extern char** environ;

static const char* models;
static const char* outside;
static int wrong;

static void want(int right, const char* what) {
  if (right) return;
  __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
  printf("wrong: %s: %s\n", what, strerror(errno));
}

static char* path_of(const char* directory, const char* name) {
  char* path = malloc(strlen(directory) + strlen(name) + 2);
  sprintf(path, "%s/%s", directory, name);
  return path;
}

static void files(int thread) {
  char name[64];
  snprintf(name, sizeof(name), "file-%d-%d", (int)getpid(), thread);
  char* inside = path_of(models, "new");
  char* file = path_of(outside, name);
  struct stat status;
  want(open(inside, O_WRONLY | O_CREAT, 0600) == -1 && errno == EROFS, "open inside");
  want(fopen(inside, "w") == NULL && errno == EROFS, "fopen inside");
  want(mkdir(inside, 0700) == -1 && errno == EROFS, "mkdir inside");
  want(rename(outside, inside) == -1 && errno == EXDEV, "rename to inside");
  FILE* stream = fopen(file, "w");
  want(stream != NULL && fputs("text", stream) >= 0 && fclose(stream) == 0, "fopen outside");
  want(stat(file, &status) == 0 && status.st_size == 4, "stat outside");
  want(chmod(file, 0600) == 0 && unlink(file) == 0, "chmod and unlink outside");
  free(inside);
  free(file);
}

static void network(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443)};
  to.sin_addr.s_addr = htonl(0xc0000201);
  int number = socket(AF_INET, SOCK_STREAM, 0);
  want(connect(number, (struct sockaddr*)&to, sizeof(to)) == -1 && errno == ENETUNREACH, "connect");
  close(number);
  struct addrinfo* found = NULL;
  int result = getaddrinfo("huggingface.co", "443", NULL, &found);
  want(result == EAI_NONAME, "getaddrinfo outside");
  result = getaddrinfo("127.0.0.1", "443", NULL, &found);
  want(result == 0, "getaddrinfo of a literal");
  if (result == 0) freeaddrinfo(found);

  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof(own);
  want(bind(listener, (struct sockaddr*)&own, length) == 0 && listen(listener, 5) == 0 &&
           getsockname(listener, (struct sockaddr*)&own, &length) == 0,
       "listen");
  number = socket(AF_INET, SOCK_STREAM, 0);
  want(connect(number, (struct sockaddr*)&own, sizeof(own)) == 0, "connect to loopback");
  close(number);
  close(listener);
}

static void environment(void) {
  want(getenv("HF_HUB_OFFLINE") != NULL && strcmp(getenv("HF_HUB_OFFLINE"), "1") == 0, "getenv");
  want(setenv("HF_HUB_OFFLINE", "0", 1) == 0 && strcmp(getenv("HF_HUB_OFFLINE"), "1") == 0,
       "setenv");
  want(setenv("UNMANAGED", "x", 1) == 0 && strcmp(getenv("UNMANAGED"), "x") == 0,
       "setenv of another");
  want(unsetenv("UNMANAGED") == 0 && getenv("UNMANAGED") == NULL, "unsetenv");
}

static void* everything(void* thread) {
  for (int i = 0; i < 20; ++i) {
    files((int)(long)thread);
    network();
  }
  return NULL;
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  models = argv[1];
  outside = argv[2];
  want(hfoffline_is_active(), "active");
  environment();
  everything(NULL);
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, everything, (void*)(long)(i + 1));
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  want(hfoffline_refusals(HFOFFLINE_WRITE) == 400, "write refusals");
  want(hfoffline_refusals(HFOFFLINE_EGRESS) == 100, "egress refusals");
  want(hfoffline_refusals(HFOFFLINE_NAME) == 100, "name refusals");
  if (argc == 3) {
    static char* empty[] = {NULL};
    char* arguments[] = {argv[0], argv[1], argv[2], "child", NULL};
    pid_t child = 0;
    int status = -1;
    want(posix_spawn(&child, argv[0], NULL, NULL, arguments, getenv("KEEP") ? environ : empty) == 0,
         "posix_spawn");
    want(waitpid(child, &status, 0) == child && status == 0, "the child");
  }
  printf("%s: %d wrong\n", argc == 3 ? "parent" : "child", wrong);
  fflush(stdout);
  return wrong == 0 ? 0 : 1;
}
