/* Many threads make the same few forbidden and allowed calls; prints how each kind ended.
 *
 *   hammering_threads MODELS OUTSIDE THREADS TIMES [fork]
 *
 * With "fork", each thread also forks a child now and then that does the same once. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hfoffline/hfoffline.h"

static const char* models;
static const char* outside;
static int times;
static int forks;
static atomic_long refused_connects, refused_opens, refused_names, allowed, wrong, children;
static int listener_port;
static pthread_barrier_t together;

static int connect_to(const char* address, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  inet_pton(AF_INET, address, &to.sin_addr);
  int number = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int error = connect(number, (struct sockaddr*)&to, sizeof(to)) == 0 ? 0 : errno;
  close(number);
  return error;
}

static void note(atomic_long* counter, int right) { atomic_fetch_add(right ? counter : &wrong, 1); }

static void once(int i, int thread) {
  char path[4096];
  char address[32];
  snprintf(address, sizeof(address), "192.0.2.%d", 1 + i % 4);
  note(&refused_connects, connect_to(address, 443) == ENETUNREACH);
  snprintf(path, sizeof(path), "%s/new-%d", models, i % 4);
  errno = 0;
  note(&refused_opens, open(path, O_WRONLY | O_CREAT, 0600) == -1 && errno == EROFS);
  snprintf(path, sizeof(path), "%s/file-%d", outside, thread);
  int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  note(&allowed, file >= 0);
  close(file);
  if (i % 8 == 0) {
    note(&allowed, connect_to("127.0.0.1", listener_port) == 0);
    struct addrinfo* found = NULL;
    note(&refused_names, getaddrinfo("huggingface.co", NULL, NULL, &found) == EAI_NONAME);
  }
}

static void* body(void* argument) {
  int thread = (int)(long)argument;
  pthread_barrier_wait(&together);
  for (int i = 0; i < times; ++i) {
    once(i, thread);
    if (forks && i % 50 == 0) {
      pid_t child = fork();
      if (child == 0) {
        long before = wrong;
        once(1, 1000 + thread);
        _exit(wrong == before ? 0 : 1);
      }
      int status = 0;
      waitpid(child, &status, 0);
      note(&children, status == 0);
    }
  }
  return NULL;
}

static void* accept_all(void* argument) {
  int listener = (int)(long)argument;
  for (;;) close(accept(listener, NULL, NULL));
  return NULL;
}

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  models = argv[1];
  outside = argv[2];
  int threads = atoi(argv[3]);
  times = atoi(argv[4]);
  forks = argc > 5;

  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof(own);
  if (bind(listener, (struct sockaddr*)&own, length) != 0 || listen(listener, 4096) != 0 ||
      getsockname(listener, (struct sockaddr*)&own, &length) != 0) {
    return 2;
  }
  listener_port = ntohs(own.sin_port);
  pthread_t server;
  pthread_create(&server, NULL, accept_all, (void*)(long)listener);

  pthread_t list[256];
  pthread_barrier_init(&together, NULL, (unsigned)threads);
  for (int i = 0; i < threads; ++i) pthread_create(&list[i], NULL, body, (void*)(long)i);
  for (int i = 0; i < threads; ++i) pthread_join(list[i], NULL);
  printf("connects %ld opens %ld names %ld allowed %ld children %ld wrong %ld\n", refused_connects,
         refused_opens, refused_names, allowed, children, wrong);
  printf("own figures: egress %llu write %llu name %llu\n",
         (unsigned long long)hfoffline_refusals(HFOFFLINE_EGRESS),
         (unsigned long long)hfoffline_refusals(HFOFFLINE_WRITE),
         (unsigned long long)hfoffline_refusals(HFOFFLINE_NAME));
  return 0;
}
