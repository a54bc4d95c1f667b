/* Prints what it holds: descriptors, heap, what loading the shim changed in signals and limits;
 * then is refused many times, and prints it again.
 *
 *   left_behind MODELS */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void say_descriptors(void) {
  char link[64], target[4096];
  printf("descriptors:");
  for (int i = 0; i < 4096; ++i) {
    snprintf(link, sizeof(link), "/proc/self/fd/%d", i);
    ssize_t length = readlink(link, target, sizeof(target) - 1);
    if (length > 0) printf(" %d", i);
  }
  putchar('\n');
}

static void say_heap(void) {
  struct mallinfo2 info = mallinfo2();
  printf("heap: %zu bytes in use, %zu from the system, %zu mapped\n", info.uordblks, info.arena,
         info.hblkhd);
}

static void say_signals(void) {
  int handlers = 0;
  for (int i = 1; i < NSIG; ++i) {
    struct sigaction action;
    if (sigaction(i, NULL, &action) == 0 && action.sa_handler != SIG_DFL) ++handlers;
  }
  sigset_t blocked;
  sigprocmask(SIG_BLOCK, NULL, &blocked);
  printf("signals: %d handled, %s\n", handlers,
         sigisemptyset(&blocked) ? "none blocked" : "some blocked");
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  printf("limit: %ld\n", (long)limit.rlim_cur);
}

static void be_refused(const char* models) {
  char path[4096];
  for (int i = 0; i < 100; ++i) {
    snprintf(path, sizeof(path), "%s/new-%d", models, i);
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    if (file >= 0) close(file), unlink(path);
    mkdir(path, 0700), rmdir(path);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443)};
    to.sin_addr.s_addr = htonl(0xc0000200u + (unsigned)i % 256);
    int number = socket(AF_INET, SOCK_STREAM, 0);
    connect(number, (struct sockaddr*)&to, sizeof(to));
    close(number);
    struct addrinfo* found = NULL;
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    /* A literal: bare, a name would be looked up. */
    if (getaddrinfo("192.0.2.1", "443", &hints, &found) == 0) freeaddrinfo(found);
    setenv("HF_HUB_OFFLINE", "1", 1);
  }
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  static char buffer[1 << 16];
  setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
  setenv("HF_HUB_OFFLINE", "1", 1); /* makes libc copy its environment now */
  be_refused(argv[1]);
  say_descriptors();
  say_signals();
  struct mallinfo2 before = mallinfo2();
  be_refused(argv[1]);
  struct mallinfo2 after = mallinfo2();
  printf("heap: %zd bytes more, %zd from the system, %zd mapped\n",
         after.uordblks - before.uordblks, after.arena - before.arena,
         after.hblkhd - before.hblkhd);
  if (getenv("SAY_HEAP") != NULL) say_heap();
  say_descriptors();
  say_signals();
  return 0;
}
