#define _GNU_SOURCE
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "raw.h"

enum { kReportSize = 4096 };
static char* report_page;  // shared with the row's child
static int null_fd;

void start_rows(void) {
  report_page = mmap(NULL, kReportSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (report_page == MAP_FAILED) {
    perror("mmap");
    exit(2);
  }
  null_fd = (int)RAW4(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
  RAW1(SYS_umask, 022);
}

void report(const char* format, ...) {
  int saved = errno;
  size_t used = strlen(report_page);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(report_page + used, kReportSize - used, format, arguments);
  va_end(arguments);
  errno = saved;
}

const char* errno_name(int error) {
  switch (error) {
#define NAME(e) \
  case e:       \
    return #e
    NAME(EPERM);
    NAME(ENOENT);
    NAME(EINTR);
    NAME(EIO);
    NAME(ENXIO);
    NAME(E2BIG);
    NAME(ENOEXEC);
    NAME(EBADF);
    NAME(EAGAIN);
    NAME(ENOMEM);
    NAME(EACCES);
    NAME(EFAULT);
    NAME(EBUSY);
    NAME(EEXIST);
    NAME(EXDEV);
    NAME(ENODEV);
    NAME(ENOTDIR);
    NAME(EISDIR);
    NAME(EINVAL);
    NAME(ENFILE);
    NAME(EMFILE);
    NAME(ENOTTY);
    NAME(ETXTBSY);
    NAME(EFBIG);
    NAME(ENOSPC);
    NAME(ESPIPE);
    NAME(EROFS);
    NAME(EMLINK);
    NAME(EPIPE);
    NAME(ERANGE);
    NAME(ENAMETOOLONG);
    NAME(ENOSYS);
    NAME(ENOTEMPTY);
    NAME(ELOOP);
    NAME(EOVERFLOW);
    NAME(EOPNOTSUPP);
    NAME(ENOTSOCK);
    NAME(EDESTADDRREQ);
    NAME(EMSGSIZE);
    NAME(EPROTOTYPE);
    NAME(ENOPROTOOPT);
    NAME(EPROTONOSUPPORT);
    NAME(ESOCKTNOSUPPORT);
    NAME(EPFNOSUPPORT);
    NAME(EAFNOSUPPORT);
    NAME(EADDRINUSE);
    NAME(EADDRNOTAVAIL);
    NAME(ENETDOWN);
    NAME(ENETUNREACH);
    NAME(ENETRESET);
    NAME(ECONNABORTED);
    NAME(ECONNRESET);
    NAME(ENOBUFS);
    NAME(EISCONN);
    NAME(ENOTCONN);
    NAME(ETIMEDOUT);
    NAME(ECONNREFUSED);
    NAME(EHOSTDOWN);
    NAME(EHOSTUNREACH);
    NAME(EALREADY);
    NAME(EINPROGRESS);
    NAME(ESTALE);
#undef NAME
    default: {
      static char number[24];
      snprintf(number, sizeof number, "errno%d", error);
      return number;
    }
  }
}

void report_call(long result) {
  int error = errno;
  if (result == -1) {
    report("%s", errno_name(error));
    return;
  }
  report("%ld", result);
  if (error != 0) report(" errno=%s", errno_name(error));
}

void report_fd(int fd) {
  if (fd < 0) {
    report_call(fd);
    return;
  }
  int error = errno;
  long written = RAW3(SYS_write, fd, "new!", 4);
  report(written == 4 ? "fd, writes" : "fd");
  if (error != 0) report(" errno=%s", errno_name(error));
  RAW1(SYS_close, fd);
}

static const char* signal_name(int number) {
  switch (number) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGABRT:
      return "SIGABRT";
    case SIGALRM:
      return "no answer in time";
    case SIGPIPE:
      return "SIGPIPE";
    case SIGILL:
      return "SIGILL";
    default:
      return "killed by another signal";
  }
}

void run_row(const char* name, void (*work)(void* context), void* context,
             void (*after)(char* text, size_t size)) {
  report_page[0] = 0;
  pid_t child = fork();
  if (child < 0) {
    perror("fork");
    exit(2);
  }
  if (child == 0) {
    RAW3(SYS_dup3, null_fd, 2, 0);  // libc's dying words are not ours
    alarm(kRowSeconds);
    work(context);
    RAW1(SYS_exit_group, 0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFSIGNALED(status))
    report("%s%s", report_page[0] ? " then " : "", signal_name(WTERMSIG(status)));
  else if (report_page[0] == 0)
    report("nothing reported, exit %d", WEXITSTATUS(status));
  char changes[2048] = "";
  if (after) after(changes, sizeof changes);
  printf("%s -> %s%s\n", name, report_page, changes);
}
