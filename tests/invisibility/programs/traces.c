/* Prints what a program can see around each of many ordinary calls: what it returned, the errno it
 * left (also when it succeeded), whether the lowest free descriptor, the signal mask, the working
 * directory or the number of threads is another one, and whether the heap grew by more than it did
 * bare.
 *
 *   traces DIRECTORY [stranger|unsearchable|removed|deep|root|thread|filtered|handles|addresses] */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <mntent.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

extern char** environ;

enum { SENTINEL = 4242 };
static sigset_t mask_before;

static int lowest_descriptor(void) {
  int number = (int)syscall(SYS_dup, 1);
  if (number >= 0) syscall(SYS_close, number);
  return number;
}

static void shown(const char* call, long result) {
  const int error = errno;
  sigset_t mask = {{0}}; /* the kernel fills in a part of it */
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  printf("%s = %ld, errno %d, lowest %d%s\n", call, result, error, lowest_descriptor(),
         memcmp(&mask, &mask_before, sizeof(mask)) == 0 ? "" : ", another signal mask");
}

/* One call, as written, with errno set to a value that no call gives. */
#define SHOW(call)                     \
  do {                                 \
    errno = SENTINEL;                  \
    const long result_ = (long)(call); \
    shown(#call, result_);             \
  } while (0)
/* The same for calls whose result is a pointer. */
#define SHOW_SET(call)                         \
  do {                                         \
    errno = SENTINEL;                          \
    const int set_ = (const void*)(call) != 0; \
    shown(#call, set_);                        \
  } while (0)

static void files(void) {
  int number = -1;
  SHOW(number = open("f", O_RDWR | O_CREAT | O_TRUNC, 0640));
  SHOW(write(number, "text", 4));
  SHOW(fchmod(number, 0644));
  SHOW(fchown(number, -1, -1));
  SHOW(futimens(number, NULL));
  SHOW(fsetxattr(number, "user.a", "b", 1, 0));
  SHOW(fremovexattr(number, "user.a"));
  SHOW(ftruncate(number, 2));
  SHOW(close(number));
  SHOW(number = openat(AT_FDCWD, "f", O_RDONLY));
  if (number >= 0) {
    SHOW(dup2(number, number + 1));
    SHOW(dup3(number, number + 2, O_CLOEXEC));
    SHOW(close(number + 2));
    SHOW(close(number + 1));
  }
  SHOW(close(number));
  SHOW(close(number));
  SHOW(number = creat("g", 0600));
  SHOW(close(number));
  SHOW(open("missing/f", O_WRONLY | O_CREAT, 0600));
  SHOW(open("f", O_WRONLY | O_CREAT | O_EXCL, 0600));
  SHOW(open(".", O_WRONLY));
  SHOW(number = open(".", O_TMPFILE | O_RDWR, 0600));
  SHOW(close(number));
  FILE* stream = NULL;
  SHOW_SET(stream = fopen("h", "w"));
  if (stream != NULL) {
    SHOW(fputs("x", stream) >= 0);
    SHOW_SET(stream = freopen("h", "a", stream));
  }
  if (stream != NULL) SHOW(fclose(stream));
  SHOW_SET(stream = fopen("h", "re"));
  if (stream != NULL) SHOW(fclose(stream));
  SHOW_SET(fopen("missing/h", "w"));
  SHOW_SET(fopen("h", "nonsense"));
  SHOW_SET(stream = fopen("h", "r+cm"));
  if (stream != NULL) {
    SHOW_SET(stream = freopen(NULL, "a+", stream));
    SHOW(stream != NULL && fputs("y", stream) >= 0);
  }
  /* libc closes it and keeps its memory, which the leak sanitizer is to find no fault with. */
  static FILE* volatile closed;
  closed = stream;
  if (stream != NULL) SHOW_SET(freopen("missing/h", "w", closed));
  SHOW_SET(fopen("h", "wx"));
  SHOW_SET(stream = fdopen(open("h", O_WRONLY), "w"));
  if (stream != NULL) SHOW(fclose(stream));
  SHOW(access("f", W_OK));
  SHOW(access("missing", F_OK));
  SHOW(faccessat(AT_FDCWD, "f", R_OK, AT_EACCESS));
  SHOW(euidaccess("f", R_OK));
  SHOW(mkdir("d", 0700));
  SHOW(mkdir("d", 0700));
  SHOW(mkdirat(AT_FDCWD, "d/e", 0700));
  SHOW(rmdir("d"));
  SHOW(symlink("f", "s"));
  SHOW(symlinkat("f", AT_FDCWD, "s"));
  SHOW(link("f", "l"));
  SHOW(linkat(AT_FDCWD, "s", AT_FDCWD, "k", AT_SYMLINK_FOLLOW));
  SHOW(rename("l", "m"));
  SHOW(renameat(AT_FDCWD, "m", AT_FDCWD, "missing/m"));
  SHOW(renameat2(AT_FDCWD, "m", AT_FDCWD, "k", RENAME_EXCHANGE));
  SHOW(chmod("f", 0600));
  SHOW(fchmodat(AT_FDCWD, "f", 0600, 0));
  SHOW(chown("f", -1, -1));
  SHOW(lchown("s", -1, -1));
  SHOW(truncate("f", 1));
  SHOW(truncate("missing", 1));
  SHOW(utime("f", NULL));
  SHOW(utimes("f", NULL));
  SHOW(lutimes("s", NULL));
  SHOW(utimensat(AT_FDCWD, "s", NULL, AT_SYMLINK_NOFOLLOW));
  SHOW(setxattr("f", "user.a", "b", 1, 0));
  SHOW(removexattr("f", "user.missing"));
  SHOW(mkfifo("p", 0600));
  SHOW(mknod("q", S_IFREG | 0600, 0));
  SHOW(unlink("missing"));
  SHOW(remove("q"));
  SHOW(unlinkat(AT_FDCWD, "d/e", AT_REMOVEDIR));
  char file[] = "XXXXXX";
  SHOW(number = mkstemp(file));
  SHOW(close(number));
  SHOW(unlink(file));
  char directory[] = "XXXXXX";
  SHOW_SET(mkdtemp(directory));
  SHOW(rmdir(directory));
  SHOW_SET(stream = tmpfile());
  if (stream != NULL) SHOW(fclose(stream));
  SHOW_SET(stream = setmntent("/proc/mounts", "r"));
  if (stream != NULL) SHOW(endmntent(stream));
  struct statvfs system_of_files;
  SHOW(statvfs("f", &system_of_files));
  printf("flags %lu\n", system_of_files.f_flag & ~(unsigned long)ST_RELATIME);
  struct stat status;
  SHOW(stat("f", &status));
  SHOW(syscall(SYS_openat, AT_FDCWD, "missing", O_WRONLY));
  SHOW(syscall(SYS_getppid) > 0);
  SHOW(syscall(100000));
  /* One path at the limit, one beyond. */
  static char path[PATH_MAX + 9];
  memset(path, '/', sizeof(path) - 1);
  SHOW(open(path, O_WRONLY));
  path[PATH_MAX - 1] = 0;
  SHOW(open(path, O_WRONLY));
  SHOW(open("", O_WRONLY));
  SHOW(mkdirat(9999, "x", 0700));
  SHOW(chdir("d"));
  SHOW(chdir(".."));
  SHOW(rmdir("d"));
}

static void sockets(void) {
  int listener, client, accepted;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  socklen_t length = sizeof(address);
  struct sockaddr* generic = (struct sockaddr*)&address;
  SHOW(listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  SHOW(bind(listener, generic, sizeof(address)));
  SHOW(listen(listener, 5));
  SHOW(getsockname(listener, generic, &length));
  SHOW(client = socket(AF_INET, SOCK_STREAM, 0));
  SHOW(connect(client, generic, sizeof(address)));
  SHOW(connect(client, generic, sizeof(address)));
  SHOW(accepted = accept(listener, NULL, NULL));
  SHOW(send(client, "a", 1, 0));
  SHOW(sendto(client, "b", 1, MSG_NOSIGNAL, NULL, 0));
  char letter[] = "c";
  struct iovec data = {letter, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
  SHOW(sendmsg(client, &message, 0));
  struct mmsghdr messages[2] = {{.msg_hdr = message}, {.msg_hdr = message}};
  SHOW(sendmmsg(client, messages, 2, 0));
  int one = 1, value = 0;
  socklen_t size = sizeof(value);
  SHOW(setsockopt(client, IPPROTO_TCP, 1, &one, sizeof(one)));
  SHOW(setsockopt(client, SOL_SOCKET, 9999, &one, sizeof(one)));
  SHOW(getsockopt(client, SOL_SOCKET, SO_TYPE, &value, &size));
  SHOW(setsockopt(client, SOL_SOCKET, SO_REUSEADDR, NULL, 4));
  SHOW(close(accepted));
  SHOW(close(client));
  SHOW(close(listener));
  SHOW(client = socket(AF_INET, SOCK_STREAM, 0));
  SHOW(connect(client, generic, sizeof(address))); /* nobody listens any more */
  SHOW(connect(client, generic, 1));
  SHOW(close(client));
  SHOW(connect(client, generic, sizeof(address)));
  SHOW(client = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  SHOW(sendto(client, "u", 1, 0, generic, sizeof(address)));
  SHOW(connect(client, generic, sizeof(address)));
  struct sockaddr_in nothing = {.sin_family = AF_UNSPEC};
  SHOW(connect(client, (struct sockaddr*)&nothing, sizeof(nothing)));
  SHOW(send(client, "u", 1, 0));
  SHOW(close(client));
  SHOW(client = socket(AF_INET6, SOCK_DGRAM, 0));
  six.sin6_port = htons(9);
  SHOW(sendto(client, "u", 1, 0, (struct sockaddr*)&six, sizeof(six)));
  SHOW(close(client));
  struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "socket"};
  SHOW(listener = socket(AF_UNIX, SOCK_STREAM, 0));
  SHOW(connect(listener, (struct sockaddr*)&local, sizeof(local)));
  SHOW(bind(listener, (struct sockaddr*)&local, sizeof(local)));
  SHOW(listen(listener, 1));
  SHOW(client = socket(AF_UNIX, SOCK_STREAM, 0));
  SHOW(connect(client, (struct sockaddr*)&local, sizeof(local)));
  SHOW(close(client));
  SHOW(close(listener));
  SHOW(unlink("socket"));
  int pair[2];
  SHOW(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
  char control[CMSG_SPACE(sizeof(int))] = {0};
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &pair[0], sizeof(int));
  SHOW(sendmsg(pair[0], &message, 0));
  SHOW(recvmsg(pair[1], &message, 0));
  memcpy(&client, CMSG_DATA(header), sizeof(int));
  SHOW(close(client));
  SHOW(close(pair[0]));
  SHOW(close(pair[1]));
  SHOW(client = socket(AF_NETLINK, SOCK_RAW, 0));
  SHOW(close(client));
  SHOW(socket(9999, SOCK_STREAM, 0));
  SHOW(socket(AF_INET, 9999, 0));
}

static void names(void) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
  SHOW(getaddrinfo("localhost", "80", &hints, &found));
  freeaddrinfo(found);
  SHOW(getaddrinfo("127.0.0.1", NULL, &hints, &found));
  char text[99] = "";
  SHOW(getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST));
  puts(text);
  freeaddrinfo(found);
  SHOW(getaddrinfo(NULL, "nonsense", &hints, &found));
  SHOW(getaddrinfo(NULL, NULL, &hints, &found));
  hints.ai_flags = AI_NUMERICHOST;
  SHOW(getaddrinfo("localhost", NULL, &hints, &found));
  SHOW_SET(gethostbyname("127.0.0.1"));
  SHOW_SET(gethostbyname("localhost"));
  SHOW_SET(getservbyname("http", "tcp"));
  SHOW_SET(getpwuid(0));
  SHOW_SET(getgrgid(0));
}

static void processes(void) {
  pid_t child = 0;
  int status = 0;
  char* arguments[] = {"true", NULL};
  SHOW(posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ));
  SHOW(waitpid(child, &status, 0) == child && status == 0);
  SHOW(posix_spawnp(&child, "true", NULL, NULL, arguments, environ));
  SHOW(waitpid(child, &status, 0) == child && status == 0);
  SHOW(posix_spawn(&child, "/missing", NULL, NULL, arguments, environ));
  posix_spawn_file_actions_t actions;
  SHOW(posix_spawn_file_actions_init(&actions));
  SHOW(posix_spawn_file_actions_addopen(&actions, 1, "out", O_WRONLY | O_CREAT, 0600));
  SHOW(posix_spawn(&child, "/bin/true", &actions, NULL, arguments, environ));
  SHOW(waitpid(child, &status, 0) == child && status == 0);
  SHOW(posix_spawn_file_actions_destroy(&actions));
  SHOW(system("exit 3") >> 8);
  FILE* stream = NULL;
  SHOW_SET(stream = popen("cat >/dev/null", "w"));
  SHOW(pclose(stream));
  SHOW(execv("/missing", arguments));
  SHOW(execvp("no-such-program-here", arguments));
  SHOW(execve("place", arguments, environ));
  SHOW(execve(".", arguments, NULL));
}

static void environment(void) {
  SHOW_SET(getenv("PATH"));
  SHOW_SET(getenv("NOT_SET"));
  SHOW_SET(secure_getenv("PATH"));
  SHOW(setenv("A", "b", 0));
  SHOW(setenv("A", "c", 0));
  puts(getenv("A"));
  SHOW(setenv("", "c", 0));
  SHOW(setenv("A=", "c", 0));
  static char text[] = "A=own";
  SHOW(putenv(text));
  puts(getenv("A") == text + 2 ? "the same text" : "a copy");
  SHOW(unsetenv("A"));
  SHOW(unsetenv("A="));
}

/* Every kind of socket with every kind of local address, of right and of odd lengths. */
static void addresses(void) {
  static const struct {
    int family, type, protocol;
  } kinds[] = {{AF_INET, SOCK_STREAM, 0},  {AF_INET, SOCK_DGRAM, 0},     {AF_INET6, SOCK_STREAM, 0},
               {AF_INET6, SOCK_DGRAM, 0},  {AF_UNIX, SOCK_STREAM, 0},    {AF_UNIX, SOCK_DGRAM, 0},
               {AF_NETLINK, SOCK_RAW, 0},  {AF_UNIX, SOCK_SEQPACKET, 0}, {AF_INET, SOCK_DGRAM, 136},
               {AF_INET, SOCK_STREAM, 262}};
  union any {
    struct sockaddr generic;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct sockaddr_un local;
    struct sockaddr_storage room;
  } targets[8] = {0};
  targets[0].four = (struct sockaddr_in){AF_INET, htons(9), {htonl(INADDR_LOOPBACK)}, {0}};
  targets[1].four = (struct sockaddr_in){AF_INET, htons(9), {htonl(INADDR_ANY)}, {0}};
  targets[2].six = (struct sockaddr_in6){AF_INET6, htons(9), 0, IN6ADDR_LOOPBACK_INIT, 0};
  targets[3].six = (struct sockaddr_in6){AF_INET6, htons(9), 7, IN6ADDR_ANY_INIT, 99};
  targets[4].six = (struct sockaddr_in6){AF_INET6, htons(9), 0, IN6ADDR_ANY_INIT, 0};
  memcpy(&targets[4].six.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1", 16);
  targets[5].local = (struct sockaddr_un){AF_UNIX, "nobody"};
  targets[6].generic.sa_family = AF_UNSPEC;
  targets[7].generic.sa_family = 9999;
  static const socklen_t lengths[] = {0, 1, 2, 8, 15, 16, 24, 28, 110, 128, 129, 4096, 0x80000000u};
  for (size_t kind = 0; kind < sizeof(kinds) / sizeof(*kinds); ++kind) {
    for (int target = 0; target < 8; ++target) {
      for (size_t length = 0; length < sizeof(lengths) / sizeof(*lengths); ++length) {
        printf("%zu %d %u:", kind, target, lengths[length]);
        for (int way = 0; way < 6; ++way) {
          static char large[8192];
          memset(large, 0, sizeof(large));
          memcpy(large, &targets[target], sizeof(targets[target]));
          struct sockaddr* address = (struct sockaddr*)large;
          char letter = 'x';
          struct iovec data = {&letter, 1};
          struct mmsghdr message = {{large, lengths[length], &data, 1, NULL, 0, 0}, 0};
          int number =
              socket(kinds[kind].family, kinds[kind].type | SOCK_NONBLOCK, kinds[kind].protocol);
          errno = SENTINEL;
          long result = -2;
          if (way == 0) result = connect(number, address, lengths[length]);
          if (way == 1) result = sendto(number, &letter, 1, MSG_NOSIGNAL, address, lengths[length]);
          if (way == 2) result = sendmsg(number, &message.msg_hdr, MSG_NOSIGNAL);
          if (way == 3) result = sendmmsg(number, &message, 1, MSG_NOSIGNAL);
          if (way == 4)
            result =
                sendto(number, &letter, 1, MSG_NOSIGNAL | MSG_FASTOPEN, address, lengths[length]);
          if (way == 5) result = sendto(number, &letter, 1, MSG_NOSIGNAL, NULL, lengths[length]);
          printf(" %ld/%d", result, errno);
          close(number);
        }
        puts("");
      }
    }
  }
}

/* Where a program may be: as somebody else, below a directory it cannot search, in a directory that
 * is gone or too deep for a path, in another root, in a thread with a working directory of its own.
 */
static int become(uid_t user) { return setgroups(0, NULL) || setgid(user) || setuid(user); }

static void* with_own_directory(void* unused) {
  SHOW(unshare(CLONE_FS));
  SHOW(mkdir("own", 0700));
  SHOW(chdir("own"));
  files();
  return unused;
}

static int filter_new_calls(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_statx, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 424, 0,
               1), /* pidfd_send_signal and all since Linux 5.1 */
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int go(const char* where) {
  if (strcmp(where, "stranger") == 0) {
    SHOW(mkdir("his", 0700));
    SHOW(chown("his", 65534, 65534));
    SHOW(chdir("his"));
    SHOW(become(65534));
  } else if (strcmp(where, "unsearchable") == 0) {
    SHOW(mkdir("secret", 0700));
    SHOW(mkdir("secret/his", 0700));
    SHOW(chown("secret/his", 65534, 65534));
    SHOW(chdir("secret/his"));
    SHOW(become(65534));
  } else if (strcmp(where, "removed") == 0) {
    SHOW(mkdir("removed", 0700));
    SHOW(chdir("removed"));
    SHOW(rmdir("../removed"));
  } else if (strcmp(where, "deep") == 0) {
    char name[201];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    for (int i = 0; i < 30; ++i) {
      if (mkdir(name, 0700) != 0 || chdir(name) != 0) return 2;
    }
  } else if (strcmp(where, "root") == 0) {
    SHOW(mkdir("root", 0700));
    SHOW(chroot("root"));
    SHOW(chdir("/"));
  } else if (strcmp(where, "thread") == 0) {
    pthread_t thread;
    pthread_create(&thread, NULL, with_own_directory, NULL);
    pthread_join(thread, NULL);
  } else if (strcmp(where, "filtered") == 0) {
    /* What containers of old engines do to system calls they have not heard of. */
    SHOW(filter_new_calls());
  } else if (strcmp(where, "addresses") == 0) {
    addresses();
    return 0;
  } else if (strcmp(where, "handles") == 0) {
    /* No descriptor is free. */
    while (dup(1) >= 0) continue;
  } else {
    return 2;
  }
  files();
  return 0;
}

int main(int argc, char** argv) {
  /* In order with what children print, and nothing for them to print again. */
  setvbuf(stdout, NULL, _IONBF, 0);
  if (argc < 2 || argc > 3 || chdir(argv[1]) != 0) return 2;
  pthread_sigmask(SIG_SETMASK, NULL, &mask_before);
  if (argc == 3) return go(argv[2]);
  files();
  sockets();
  names();
  processes();
  environment();
  struct rlimit limit;
  SHOW(getrlimit(RLIMIT_NOFILE, &limit));
  for (int signal = 1; signal < 32; ++signal) {
    struct sigaction action;
    if (sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_DFL) {
      printf("signal %d: %s\n", signal, action.sa_handler == SIG_IGN ? "ignored" : "handled");
    }
  }
  stack_t stack;
  if (sigaltstack(NULL, &stack) == 0) printf("signal stack: %d\n", stack.ss_flags);
  /* What a child that this program did not start would show. */
  SHOW(waitpid(-1, NULL, WNOHANG));
  struct itimerval timer;
  getitimer(ITIMER_REAL, &timer);
  printf("timer: %ld\n", (long)(timer.it_value.tv_sec + timer.it_value.tv_usec));
  unlink("f"), unlink("g"), unlink("h"), unlink("s"), unlink("k"), unlink("m"), unlink("p"),
      unlink("out");
  return 0;
}
