/* Cancels threads that wait inside a call, and prints whether each ended and cleaned up. Run bare
 * and under the shim, the output must be the same.
 *
 *   cancelled_calls DIRECTORY */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char fifo[4096];
static struct sockaddr_in full;    /* a listener whose backlog is full: connect waits */
static struct sockaddr_un crowded; /* the same as a Unix socket */
static int full_pipe;
static sem_t started;
static int cleaned;

static void clean_up(void* unused) {
  (void)unused;
  cleaned = 1;
}

static void wait_in(int call) {
  int number;
  FILE* stream;
  struct iovec data = {fifo, sizeof(fifo)};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
  switch (call) {
    case 0:
      open(fifo, O_WRONLY);
      break;
    case 1:
      openat(AT_FDCWD, fifo, O_WRONLY);
      break;
    case 2:
      stream = fopen(fifo, "w");
      if (stream != NULL) fclose(stream);
      break;
    case 3:
      open(fifo, O_RDONLY);
      break;
    case 4:
      number = socket(AF_INET, SOCK_STREAM, 0);
      if (connect(number, (struct sockaddr*)&full, sizeof(full)) == 0) puts("connected");
      break;
    case 5:
      number = socket(AF_UNIX, SOCK_STREAM, 0);
      if (connect(number, (struct sockaddr*)&crowded, sizeof(crowded)) == 0) puts("connected");
      break;
    case 6:
      for (;;) {
        if (sendto(full_pipe, fifo, sizeof(fifo), 0, NULL, 0) < 0) break;
      }
      break;
    case 7:
      for (;;) {
        if (sendmsg(full_pipe, &message, 0) < 0) break;
      }
      break;
    default:
      creat(fifo, 0600);
  }
}
static const char* const calls[] = {"open for writing", "openat",  "fopen",
                                    "open for reading", "connect", "connect (Unix)",
                                    "sendto",           "sendmsg", "creat"};

static void* body(void* argument) {
  pthread_cleanup_push(clean_up, NULL);
  sem_post(&started);
  wait_in((int)(long)argument);
  pthread_cleanup_pop(0);
  return NULL;
}

static void fill(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  socklen_t length = sizeof(full);
  full = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  bind(listener, (struct sockaddr*)&full, sizeof(full));
  listen(listener, 0);
  getsockname(listener, (struct sockaddr*)&full, &length);
  for (int i = 0; i < 4; ++i) {
    int number = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(number, (struct sockaddr*)&full, sizeof(full));
  }
  unlink(crowded.sun_path);
  int unix_listener = socket(AF_UNIX, SOCK_STREAM, 0);
  bind(unix_listener, (struct sockaddr*)&crowded, sizeof(crowded));
  listen(unix_listener, 0);
  for (int i = 0; i < 4; ++i) {
    int number = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(number, (struct sockaddr*)&crowded, sizeof(crowded));
  }
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  full_pipe = pair[0];
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  snprintf(fifo, sizeof(fifo), "%s/fifo", argv[1]);
  crowded.sun_family = AF_UNIX;
  snprintf(crowded.sun_path, sizeof(crowded.sun_path), "%.90s/socket", argv[1]);
  mkfifo(fifo, 0600);
  fill();
  sem_init(&started, 0, 0);
  for (int call = 0; call < 9; ++call) {
    cleaned = 0;
    pthread_t thread;
    void* result = NULL;
    pthread_create(&thread, NULL, body, (void*)(long)call);
    sem_wait(&started);
    usleep(30000);
    pthread_cancel(thread);
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 5;
    int error = pthread_timedjoin_np(thread, &result, &end);
    printf("%s: %s, %s, %s\n", calls[call], error == 0 ? "ended" : strerror(error),
           result == PTHREAD_CANCELED ? "cancelled" : "returned",
           cleaned ? "cleaned up" : "not cleaned up");
    fflush(stdout);
    if (error != 0) return 1;
  }
  return 0;
}
