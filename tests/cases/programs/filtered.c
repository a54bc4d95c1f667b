/* Puts itself under a seccomp filter that forbids one system call, and prints how calls end.
 *
 *   filtered WAY CALL ANSWER MODELS OUTSIDE
 *
 * WAY: how the filter is set: prctl, seccomp or prctl-by-number; exec: by prctl, and then this
 * program is started once more, which has a filter and has set none; start: the same with a program
 * that does nothing. CALL: none, or a name of the
 * table below. ANSWER: EPERM, EACCES, ENOSYS, or kill, which ends the program. MODELS and OUTSIDE
 * hold "file", OUTSIDE also "link", a link to the file in MODELS. Exits with 77 where no filter can
 * be set. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
  const char* name;
  int number;
} calls[] = {{"statx", SYS_statx},
             {"openat2", 437},
             {"faccessat2", 439},
             {"faccessat", SYS_faccessat},
             {"openat", SYS_openat},
             {"getpeername", SYS_getpeername},
             {"getsockname", SYS_getsockname},
             {"getsockopt", SYS_getsockopt}};

static unsigned action(const char* answer) {
  if (strcmp(answer, "kill") == 0) return SECCOMP_RET_KILL_PROCESS;
  if (strcmp(answer, "EPERM") == 0) return SECCOMP_RET_ERRNO | EPERM;
  return SECCOMP_RET_ERRNO | (strcmp(answer, "EACCES") == 0 ? EACCES : ENOSYS);
}

static void forbid(const char* way, const char* name, const char* answer) {
  int number = -1;
  for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); ++i)
    if (strcmp(calls[i].name, name) == 0) number = calls[i].number;
  if (number < 0) return;
  struct sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* the number */
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action(answer)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof(steps) / sizeof(*steps), steps};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  long result;
  if (strcmp(way, "seccomp") == 0) {
    result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
  } else if (strcmp(way, "prctl-by-number") == 0) {
    result = syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
  } else {
    result = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
  }
  if (result != 0) _exit(77);
}

static const char* models;
static const char* outside;
static const char* in(const char* directory, const char* name) {
  static char text[8][4096];
  static int next;
  char* path = text[next++ % 8];
  snprintf(path, sizeof(text[0]), "%s/%s", directory, name);
  return path;
}
static void say(const char* what, long result) {
  int error = errno;
  printf("%s: %s\n", what, result < 0 ? strerrorname_np(error) : "done");
}

static void write_in(const char* directory) {
  say("open", open(in(directory, "file"), O_WRONLY));
  say("create", open(in(directory, "created"), O_WRONLY | O_CREAT, 0600));
  say("mkdir", mkdir(in(directory, "directory"), 0700));
  say("chmod", chmod(in(directory, "file"), 0644));
  say("rename", rename(in(directory, "file"), in(directory, "renamed")));
  say("rename back", rename(in(directory, "renamed"), in(directory, "file")));
  say("truncate", truncate(in(directory, "file"), 0));
  say("unlink", unlink(in(directory, "file")));
}

/* A file and a socket, as a browser's processes hand them to one another. */
static void receive(void) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  int sent[2] = {0, pair[0]};
  char control[CMSG_SPACE(sizeof(sent))] = {0};
  char byte = 'x';
  struct iovec part = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(sent));
  memcpy(CMSG_DATA(header), sent, sizeof(sent));
  say("sendmsg", sendmsg(pair[0], &message, 0));
  say("recvmsg", recvmsg(pair[1], &message, 0));
}

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  models = argv[4];
  outside = argv[5];
  forbid(argv[1], argv[2], argv[3]);
  if (strcmp(argv[1], "exec") == 0) {
    char* again[] = {argv[0], "prctl", "none", argv[3], argv[4], argv[5], NULL};
    execv(argv[0], again);
    return 3;
  }
  if (strcmp(argv[1], "start") == 0) {
    execl("/bin/true", "true", NULL);
    return 3;
  }
  printf("inside\n");
  write_in(models);
  say("open by link", open(in(outside, "link"), O_WRONLY));
  printf("outside\n");
  write_in(outside);
  say("system", system("true") == 0 ? 0 : -1);
  receive();
  printf("end\n");
  return 0;
}
