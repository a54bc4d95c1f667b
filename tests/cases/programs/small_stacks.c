/* Makes forbidden and allowed calls where there is little stack: in a thread with 16 KiB, and in a
 * handler on a signal stack. Prints what does not end as it should.
 *
 *   small_stacks MODELS OUTSIDE    OUTSIDE holds link, a link to MODELS */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signal_stack.h"

static char inside[4096], outside[4096], by_link[4096], deep[4096], deep_outside[4096];
static int call;

static int error_of(long result) { return result < 0 ? errno : 0; }

static int make_call(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443)};
  to.sin_addr.s_addr = htonl(0xc0000201);
  struct addrinfo* found = NULL;
  int number;
  switch (call) {
    case 0:
      return error_of(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr*)&to,
                              sizeof(to))) != ENETUNREACH;
    case 1:
      return error_of(sendto(socket(AF_INET, SOCK_DGRAM, 0), "x", 1, 0, (struct sockaddr*)&to,
                             sizeof(to))) != ENETUNREACH;
    case 2:
      return getaddrinfo("huggingface.co", "443", NULL, &found) != EAI_NONAME;
    case 3:
      return error_of(open(inside, O_WRONLY | O_CREAT, 0600)) != EROFS;
    case 4:
      return error_of(open(by_link, O_WRONLY | O_CREAT, 0600)) != EROFS;
    case 5:
      return error_of(open(outside, O_WRONLY | O_CREAT, 0600)) != 0;
    case 6:
      return error_of(open("relative", O_WRONLY | O_CREAT, 0600)) != EROFS;
    case 7:
      return error_of(mkdir(inside, 0700)) != EROFS;
    case 8:
      return error_of(rename(inside, by_link)) != EROFS;
    case 9:
      return error_of(unlink(by_link)) != EROFS;
    case 10:
      return error_of(chmod(".", 0755)) != EROFS;
    case 11:
      number = open("file", O_RDONLY);
      return error_of(fchmod(number, 0644)) != EROFS;
    case 12:
      return setenv("HF_HUB_OFFLINE", "0", 1) != 0 || strcmp(getenv("HF_HUB_OFFLINE"), "1") != 0;
    case 13:
      return error_of(truncate("file", 0)) != EROFS;
    case 14:
      return error_of(access("file", W_OK)) != EROFS;
    case 15:
      return error_of(open(deep, O_WRONLY | O_CREAT, 0600)) != EROFS;
    case 16:
      return error_of(rename(deep, deep_outside)) != EXDEV;
    case 17:
      return error_of(link(deep_outside, deep)) != EROFS;
    default:
      return error_of(open("/proc/self/cwd/new", O_WRONLY | O_CREAT, 0600)) != EROFS;
  }
}
#define CALLS 19

static void* body(void* unused) {
  (void)unused;
  _exit(make_call());
}
static void handler(int signal) {
  (void)signal;
  _exit(make_call());
}

/* What lies below either stack may not be touched. */
static void in_thread(void) {
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 16384);
  if (pthread_create(&thread, &attributes, body, NULL) == 0) pthread_join(thread, NULL);
}
static void in_handler(void) {
  size_t size = (small_signal_stack() + 4095) & ~(size_t)4095;
  char* memory = mmap(NULL, size + 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(memory + 65536, size, PROT_READ | PROT_WRITE);
  stack_t stack = {.ss_sp = memory + 65536, .ss_size = size};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
}

int main(int argc, char** argv) {
  if (argc != 3 || chdir(argv[1]) != 0) return 2;
  snprintf(inside, sizeof(inside), "%s/new", argv[1]);
  snprintf(outside, sizeof(outside), "%s/file", argv[2]);
  snprintf(by_link, sizeof(by_link), "%s/link/new", argv[2]);
  /* As long as a path may be. */
  strcpy(deep, argv[1]);
  while (strlen(deep) < 4080) strcat(deep, "/.");
  strcat(deep, "/new");
  strcpy(deep_outside, argv[2]);
  while (strlen(deep_outside) < 4080) strcat(deep_outside, "/.");
  strcat(deep_outside, "/file");
  int wrong = 0;
  for (int place = 0; place < 2; ++place) {
    for (call = 0; call < CALLS; ++call) {
      /* A path alone needs half of that stack. */
      if (place == 1 && call >= 15 && call < 18) continue;
      fflush(stdout);
      pid_t child = fork();
      if (child == 0) {
        if (place == 0) in_thread();
        if (place == 1) in_handler();
        _exit(99);
      }
      int status = 0;
      waitpid(child, &status, 0);
      if (status != 0)
        printf("call %d, %s: status %#x\n", call, place == 0 ? "thread" : "signal stack", status);
      wrong += status != 0;
    }
  }
  printf("%d wrong\n", wrong);
  return 0;
}
