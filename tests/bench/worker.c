// The calls and process starts that bench.py times, in one program that is run bare and in a run.
//
// Reads "COUNT NAME" lines and answers each with the nanoseconds that COUNT calls took, or with
// "error WHAT" if any of them did not do what it should: a call that fails early looks cheap.
// Cleaning up (closing what was opened) happens outside the timed stretches. Its argument is a
// directory of its own, in which it may write. Refused calls are aimed at TEST-NET addresses:
// start it only where there is no way out (a network namespace with nothing but lo).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

enum { kBatch = 64 };

static char directory[3072];
static char error_text[256];

// Keeps the first error of a measurement; returns 0, for the caller to return.
static uint64_t failed(const char* what) {
  if (error_text[0] == '\0') {
    snprintf(error_text, sizeof error_text, "%s: %s", what, strerror(errno));
  }
  return 0;
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

// ---- files
// ---------------------------------------------------------------------------------------

static char existing[4096];  // a file in `directory`, absolute

static uint64_t time_open(const char* path, int flags, int at, long count) {
  int descriptors[kBatch];
  uint64_t total = 0;
  for (long done = 0; done < count; done += kBatch) {
    const uint64_t start = now();
    for (int i = 0; i < kBatch; ++i) {
      descriptors[i] = at < 0 ? open(path, flags, 0666) : openat(at, path, flags, 0666);
    }
    total += now() - start;
    for (int i = 0; i < kBatch; ++i) {
      if (descriptors[i] < 0) return failed("open");
      close(descriptors[i]);
    }
  }
  return total;
}

static uint64_t open_read(long n) { return time_open(existing, O_RDONLY, -1, n); }
static uint64_t open_read_relative(long n) { return time_open("file", O_RDONLY, -1, n); }
static uint64_t openat_read(long n) {
  static int at = -1;
  if (at < 0) at = open(directory, O_RDONLY | O_DIRECTORY);
  return time_open("file", O_RDONLY, at, n);
}
static uint64_t open_write(long n) { return time_open(existing, O_WRONLY, -1, n); }
static uint64_t open_create(long n) {
  return time_open(existing, O_WRONLY | O_CREAT | O_TRUNC, -1, n);
}
static uint64_t open_write_relative(long n) { return time_open("file", O_WRONLY, -1, n); }
static uint64_t openat_write(long n) {
  static int at = -1;
  if (at < 0) at = open(directory, O_RDONLY | O_DIRECTORY);
  return time_open("file", O_WRONLY, at, n);
}

static uint64_t fopen_read(long n) {
  FILE* files[kBatch];
  uint64_t total = 0;
  for (long done = 0; done < n; done += kBatch) {
    const uint64_t start = now();
    for (int i = 0; i < kBatch; ++i) files[i] = fopen(existing, "r");
    total += now() - start;
    for (int i = 0; i < kBatch; ++i) {
      if (files[i] == NULL) return failed("fopen");
      fclose(files[i]);
    }
  }
  return total;
}

static uint64_t unlink_file(long n) {
  char names[kBatch][4096 + 16];
  uint64_t total = 0;
  int result = 0;
  for (long done = 0; done < n; done += kBatch) {
    for (int i = 0; i < kBatch; ++i) {
      snprintf(names[i], sizeof names[i], "%s.%d", existing, i);
      close(open(names[i], O_WRONLY | O_CREAT, 0666));
    }
    const uint64_t start = now();
    for (int i = 0; i < kBatch; ++i) result |= unlink(names[i]);
    total += now() - start;
  }
  return result == 0 ? total : failed("unlink");
}

static uint64_t stat_file(long n) {
  struct stat status;
  int result = 0;
  const uint64_t start = now();
  for (long i = 0; i < n; ++i) result |= stat(existing, &status);
  const uint64_t total = now() - start;
  return result == 0 ? total : failed("stat");
}

static uint64_t time_access(int mode, long n) {
  int result = 0;
  const uint64_t start = now();
  for (long i = 0; i < n; ++i) result |= access(existing, mode);
  const uint64_t total = now() - start;
  return result == 0 ? total : failed("access");
}
static uint64_t access_read(long n) { return time_access(R_OK, n); }
static uint64_t access_write(long n) { return time_access(W_OK, n); }

// ---- environment
// ---------------------------------------------------------------------------------

// An environment of a known size, the same bare and in a run. The wanted names come last.
static void use_environment(int size) {
  static char texts[300][32];
  static char* variables[301];
  for (int i = 0; i < size - 2; ++i) {
    snprintf(texts[i], sizeof texts[i], "PADDING_%03d=value", i);
    variables[i] = texts[i];
  }
  variables[size - 2] = "HF_HUB_CACHE=/nowhere";
  variables[size - 1] = "LANGUAGE_LAST=C";
  variables[size] = NULL;
  environ = variables;
}

static uint64_t time_getenv(const char* name, int size, int expected, long n) {
  char** const before = environ;
  use_environment(size);
  int found = 1;
  const uint64_t start = now();
  for (long i = 0; i < n; ++i) {
    // The compiler may not know what getenv returned last time.
    __asm__ volatile("" : "+r"(name) : : "memory");
    found &= (getenv(name) != NULL) == expected;
  }
  const uint64_t total = now() - start;
  environ = before;
  return found ? total : failed(name);
}
static uint64_t getenv_last_30(long n) { return time_getenv("LANGUAGE_LAST", 30, 1, n); }
static uint64_t getenv_last_300(long n) { return time_getenv("LANGUAGE_LAST", 300, 1, n); }
static uint64_t getenv_absent_30(long n) { return time_getenv("TERM_ABSENT", 30, 0, n); }
static uint64_t getenv_absent_300(long n) { return time_getenv("TERM_ABSENT", 300, 0, n); }
// Starts as managed names do, so a filter on the first bytes does not help.
static uint64_t getenv_alike_30(long n) { return time_getenv("HF_ABSENT", 30, 0, n); }
static uint64_t getenv_alike_300(long n) { return time_getenv("HF_ABSENT", 300, 0, n); }
static uint64_t getenv_managed_30(long n) { return time_getenv("HF_HUB_CACHE", 30, 1, n); }
static uint64_t getenv_managed_300(long n) { return time_getenv("HF_HUB_CACHE", 300, 1, n); }

// ---- network
// -------------------------------------------------------------------------------------

static struct sockaddr_in address(const char* text, int port) {
  struct sockaddr_in result = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  inet_pton(AF_INET, text, &result.sin_addr);
  return result;
}

// Times connect() alone, stream sockets to a listener of our own.
static uint64_t time_connect(int listener, int family, const void* to, socklen_t length, long n) {
  const struct linger reset = {.l_onoff = 1, .l_linger = 0};  // leave no port in TIME_WAIT
  uint64_t total = 0;
  for (long i = 0; i < n; ++i) {
    const int client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    const uint64_t start = now();
    const int result = connect(client, to, length);
    total += now() - start;
    if (result != 0) return failed("connect");
    close(accept(listener, NULL, NULL));
    close(client);
  }
  return total;
}

static uint64_t connect_loopback(long n) {
  static struct sockaddr_in local;
  static int listener = -1;
  if (listener < 0) {
    local = address("127.0.0.1", 0);
    socklen_t length = sizeof local;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr*)&local, length) != 0 || listen(listener, 16) != 0 ||
        getsockname(listener, (struct sockaddr*)&local, &length) != 0) {
      return failed("listen on 127.0.0.1");
    }
  }
  return time_connect(listener, AF_INET, &local, sizeof local, n);
}

static uint64_t connect_unix(long n) {
  static struct sockaddr_un local = {.sun_family = AF_UNIX};
  static int listener = -1;
  if (listener < 0) {
    snprintf(local.sun_path, sizeof local.sun_path, "socket-%d", (int)getpid());
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr*)&local, sizeof local) != 0 || listen(listener, 16) != 0) {
      return failed("listen on a Unix socket");
    }
  }
  return time_connect(listener, AF_UNIX, &local, sizeof local, n);
}

// The cheapest allowed connect there is: it only sets the peer of a datagram socket.
static uint64_t connect_loopback_udp(long n) {
  const struct sockaddr_in to = address("127.0.0.1", 9);
  const int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int result = 0;
  const uint64_t start = now();
  for (long i = 0; i < n; ++i) {
    result |= connect(client, (const struct sockaddr*)&to, sizeof to);
  }
  const uint64_t total = now() - start;
  close(client);
  return result == 0 ? total : failed("connect");
}

// Other tools say something else than an unplugged machine.
static int is_refusal(int error) {
  return error == ENETUNREACH || getenv("BENCH_ANY_REFUSAL") != NULL;
}

static uint64_t connect_refused(long n) {
  const struct sockaddr_in to = address("192.0.2.1", 443);
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int refused = connect(client, (const struct sockaddr*)&to, sizeof to) != 0;  // the first record
  const uint64_t start = now();
  for (long i = 0; i < n; ++i) {
    refused &= connect(client, (const struct sockaddr*)&to, sizeof to) != 0;
  }
  const uint64_t total = now() - start;
  refused &= is_refusal(errno);
  close(client);
  return refused ? total : failed("connect to 192.0.2.1 was not refused with ENETUNREACH");
}

static uint64_t sendto_refused(long n) {
  const struct sockaddr_in to = address("192.0.2.1", 9);
  const int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int refused = sendto(client, "x", 1, 0, (const struct sockaddr*)&to, sizeof to) < 0;
  const uint64_t start = now();
  for (long i = 0; i < n; ++i) {
    refused &= sendto(client, "x", 1, 0, (const struct sockaddr*)&to, sizeof to) < 0;
  }
  const uint64_t total = now() - start;
  refused &= is_refusal(errno);
  close(client);
  return refused ? total : failed("sendto 192.0.2.1 was not refused with ENETUNREACH");
}

static uint64_t time_lookup(const char* name, int expected, long n) {
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  int as_expected = 1;
  const uint64_t start = now();
  for (long i = 0; i < n; ++i) {
    struct addrinfo* found = NULL;
    as_expected &= (getaddrinfo(name, NULL, &hints, &found) == 0) == expected;
    if (found != NULL) freeaddrinfo(found);
  }
  const uint64_t total = now() - start;
  return as_expected ? total : failed(name);
}
static uint64_t lookup_unknown(long n) { return time_lookup("huggingface.co", 0, n); }
static uint64_t lookup_localhost(long n) { return time_lookup("localhost", 1, n); }

// ---- processes
// -----------------------------------------------------------------------------------

static int waited(pid_t child) {
  int status = 0;
  if (child <= 0 || waitpid(child, &status, 0) != child) {
    failed("start");
    return 0;
  }
  if (status != 0) {
    errno = 0;
    failed("the program failed");
    return 0;
  }
  return 1;
}

static uint64_t time_fork_exec(char* const* command, long n) {
  const uint64_t start = now();
  for (long i = 0; i < n; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      dup2(STDERR_FILENO, STDOUT_FILENO);  // stdout carries our answers
      execv(command[0], command);
      _exit(127);
    }
    if (!waited(child)) return 0;
  }
  return now() - start;
}

static uint64_t start_true(long n) {
  char* const command[] = {"/bin/true", NULL};
  return time_fork_exec(command, n);
}

static uint64_t spawn_true(long n) {
  char* const command[] = {"/bin/true", NULL};
  const uint64_t start = now();
  for (long i = 0; i < n; ++i) {
    pid_t child = -1;
    if (posix_spawn(&child, command[0], NULL, NULL, command, environ) != 0) return failed("spawn");
    if (!waited(child)) return 0;
  }
  return now() - start;
}

// A program and its arguments, separated by blanks.
static uint64_t time_program(char* text, long n) {
  char* command[32] = {NULL};
  char* rest = NULL;
  int count = 0;
  for (char* word = strtok_r(text, " ", &rest); word != NULL && count < 31;
       word = strtok_r(NULL, " ", &rest)) {
    command[count++] = word;
  }
  return count == 0 ? failed("argv") : time_fork_exec(command, n);
}

// A command line for the shell.
static uint64_t time_shell(const char* text, long n) {
  char* const command[] = {"/bin/sh", "-c", (char*)text, NULL};
  return time_fork_exec(command, n);
}

static const struct {
  const char* name;
  uint64_t (*run)(long);
} kMeasurements[] = {
#define MEASURE(name) \
  { #name, name }
    MEASURE(open_read),         MEASURE(open_read_relative),
    MEASURE(openat_read),       MEASURE(open_write),
    MEASURE(open_create),       MEASURE(open_write_relative),
    MEASURE(unlink_file),       MEASURE(openat_write),
    MEASURE(fopen_read),        MEASURE(stat_file),
    MEASURE(access_read),       MEASURE(access_write),
    MEASURE(getenv_last_30),    MEASURE(getenv_last_300),
    MEASURE(getenv_absent_30),  MEASURE(getenv_absent_300),
    MEASURE(getenv_alike_30),   MEASURE(getenv_alike_300),
    MEASURE(getenv_managed_30), MEASURE(getenv_managed_300),
    MEASURE(connect_loopback),  MEASURE(connect_loopback_udp),
    MEASURE(connect_unix),      MEASURE(connect_refused),
    MEASURE(sendto_refused),    MEASURE(lookup_unknown),
    MEASURE(lookup_localhost),  MEASURE(start_true),
    MEASURE(spawn_true),
};

static uint64_t measure(char* name, long count) {
  if (strncmp(name, "argv ", 5) == 0) return time_program(name + 5, count);
  if (strncmp(name, "sh ", 3) == 0) return time_shell(name + 3, count);
  for (size_t i = 0; i < sizeof kMeasurements / sizeof kMeasurements[0]; ++i) {
    if (strcmp(kMeasurements[i].name, name) == 0) return kMeasurements[i].run(count);
  }
  errno = EINVAL;
  return failed(name);
}

int main(int argc, char** argv) {
  if (argc != 2 || chdir(argv[1]) != 0 || getcwd(directory, sizeof directory) == NULL) {
    fprintf(stderr, "usage: worker DIRECTORY\n");
    return 2;
  }
  snprintf(existing, sizeof existing, "%s/file", directory);
  close(open(existing, O_WRONLY | O_CREAT, 0666));

  char line[4096];
  while (fgets(line, sizeof line, stdin) != NULL) {
    // "COUNT NAME": the name may hold blanks.
    char* name = line;
    const long count = strtol(line, &name, 10);
    while (*name == ' ') ++name;
    name[strcspn(name, "\n")] = '\0';
    error_text[0] = '\0';
    const uint64_t total = measure(name, count);
    if (error_text[0] != '\0') {
      printf("error %s\n", error_text);
    } else {
      printf("%llu\n", (unsigned long long)total);
    }
    fflush(stdout);
  }
  return 0;
}
