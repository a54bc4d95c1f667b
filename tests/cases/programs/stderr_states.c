/* Is refused while its stderr is in an odd state, and says what that state became.
 *
 *   stderr_states MODELS FILE data      FILE was opened as descriptor 2 after everything was closed
 *   stderr_states MODELS - closed-pipe  a pipe that nobody reads: no SIGPIPE, none pending
 *   stderr_states MODELS - full-pipe    a pipe that is full: no waiting
 *   stderr_states MODELS - nothing      closed */
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
#include <unistd.h>

static int saved_stdout;

static void refused(const char* models, int number) {
  char path[4096];
  snprintf(path, sizeof(path), "%s/new-%d", models, number);
  errno = 0;
  int file = open(path, O_WRONLY | O_CREAT, 0600);
  if (file != -1 || errno != EROFS) dprintf(saved_stdout, "open: %d, %s\n", file, strerror(errno));
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443)};
  to.sin_addr.s_addr = htonl(0xc0000200u + (unsigned)number);
  int socket_number = socket(AF_INET, SOCK_STREAM, 0);
  int result = connect(socket_number, (struct sockaddr*)&to, sizeof(to));
  if (result != -1 || errno != ENETUNREACH) dprintf(saved_stdout, "connect: %s\n", strerror(errno));
  close(socket_number);
}

static void say_signals(void) {
  sigset_t pending, blocked;
  sigpending(&pending);
  sigprocmask(SIG_BLOCK, NULL, &blocked);
  dprintf(saved_stdout, "SIGPIPE pending %d blocked %d\n", sigismember(&pending, SIGPIPE),
          sigismember(&blocked, SIGPIPE));
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const char* models = argv[1];
  const char* state = argv[3];
  /* Out of the way of what is closed below. */
  saved_stdout = fcntl(1, F_DUPFD_CLOEXEC, 1000); /* most users may have 1024 */
  if (saved_stdout < 0) return 2;
  if (strcmp(state, "data") == 0) {
    for (int number = 0; number < 1000; ++number) close(number);
    for (int number = 0; number <= 2; ++number) {
      if (open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600) != number) return 2;
    }
    if (write(2, "data\n", 5) != 5) return 2;
    for (int i = 1; i < 20; ++i) refused(models, i);
    struct stat status;
    fstat(2, &status);
    dprintf(saved_stdout, "%d bytes of data\n", (int)status.st_size);
  } else if (strcmp(state, "closed-pipe") == 0) {
    for (int i = 1; i < 20; ++i) refused(models, i);
    say_signals();
    /* With a SIGPIPE of its own pending, the program must keep it. */
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, SIGPIPE);
    sigprocmask(SIG_BLOCK, &only, NULL);
    raise(SIGPIPE);
    for (int i = 20; i < 40; ++i) refused(models, i);
    say_signals();
  } else if (strcmp(state, "full-pipe") == 0) {
    fcntl(2, F_SETFL, O_NONBLOCK);
    char block[4096] = {0};
    while (write(2, block, sizeof(block)) > 0) continue;
    while (write(2, block, 1) > 0) continue;
    fcntl(2, F_SETFL, 0);
    alarm(20);
    for (int i = 1; i < 100; ++i) refused(models, i);
    dprintf(saved_stdout, "did not wait\n");
  } else {
    close(2);
    for (int i = 1; i < 20; ++i) refused(models, i);
    int next = open("/dev/null", O_RDONLY);
    dprintf(saved_stdout, "the next descriptor is %d\n", next);
  }
  return 0;
}
