/* Asks for a ring by number, to use one, and for something ordinary. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  char parameters[120] = {0};
  errno = 0;
  long ring = syscall(425 /* io_uring_setup */, 1, parameters);
  printf("ring %s\n", ring >= 0 ? "made" : errno == ENOSYS ? "ENOSYS" : "not allowed");
  for (long number = 426; number <= 427; number++) { /* io_uring_enter, io_uring_register */
    errno = 0;
    long result = syscall(number, -1, 0, 0, 0, 0, 0);
    printf("%ld %s\n", number, result < 0 && errno == ENOSYS ? "ENOSYS" : "there");
  }
  printf("pid %s\n", syscall(SYS_getpid) == getpid() ? "right" : "wrong");
  return 0;
}
