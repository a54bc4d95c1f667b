/* A timer interrupts refused and allowed calls all the time; its handler makes some of its own. No
 * errno may be wrong, in the handler or outside.
 *
 *   signal_storm MODELS OUTSIDE SECONDS */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static char inside[4096], outside[4096], missing[4096];
static volatile sig_atomic_t handled, wrong;

static int connect_outside(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443)};
  to.sin_addr.s_addr = htonl(0xc0000201);
  int number = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int error = connect(number, (struct sockaddr*)&to, sizeof(to)) == 0 ? 0 : errno;
  close(number);
  return error;
}

static int error_of_open(const char* path, int flags) {
  int number = open(path, flags | O_CLOEXEC, 0600);
  if (number < 0) return errno;
  close(number);
  return 0;
}

/* An allowed call must leave errno alone, a refused one must set it right. */
static void every_call(int number) {
  errno = 77;
  if (error_of_open(outside, O_WRONLY | O_CREAT) != 0 || errno != 77) ++wrong;
  if (error_of_open(inside, O_WRONLY | O_CREAT) != EROFS) ++wrong;
  if (error_of_open(missing, O_WRONLY) != ENOENT) ++wrong;
  if (mkdir(inside, 0700) != -1 || errno != EROFS) ++wrong;
  if (connect_outside() != ENETUNREACH) ++wrong;
  errno = 78;
  if (getenv("HF_HUB_OFFLINE") == NULL || errno != 78) ++wrong;
  if (number % 16 == 0) {
    errno = 79;
    FILE* stream = fopen(inside, "w");
    if (stream != NULL || errno != EROFS) ++wrong;
  }
}

static void handler(int signal) {
  (void)signal;
  int saved = errno;
  errno = 80;
  if (error_of_open(outside, O_WRONLY | O_CREAT) != 0 || errno != 80) ++wrong;
  if (error_of_open(inside, O_WRONLY) != ENOENT && errno != EROFS) ++wrong;
  if (unlink(inside) != -1 || errno != EROFS) ++wrong;
  if (connect_outside() != ENETUNREACH) ++wrong;
  ++handled;
  errno = saved;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  snprintf(inside, sizeof(inside), "%s/new", argv[1]);
  snprintf(outside, sizeof(outside), "%s/file", argv[2]);
  snprintf(missing, sizeof(missing), "%s/missing/file", argv[1]);
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  const struct itimerval often = {{0, 100}, {0, 100}};
  setitimer(ITIMER_REAL, &often, NULL);
  time_t end = time(NULL) + atoi(argv[3]);
  int rounds = 0;
  while (time(NULL) < end) every_call(rounds++);
  const struct itimerval never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &never, NULL);
  printf("%s handlers, %s rounds, %d wrong\n", handled > 100 ? "many" : "few",
         rounds > 100 ? "many" : "few", (int)wrong);
  return 0;
}
