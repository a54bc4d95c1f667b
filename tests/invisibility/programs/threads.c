/* Threads that use files and sockets at once; prints how it ended, which is the same every time.
 *
 *   threads thousand|fork|handlers|cancel DIRECTORY */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in server;
static atomic_int wrong, done, stop;

static void want(int right, const char* what) {
  if (right) return;
  wrong++;
  fprintf(stderr, "wrong: %s: %s\n", what, strerror(errno));
}

static void write_one(const char* name) {
  errno = 4242;
  int number = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  want(number >= 0 && errno == 4242, "open");
  want(write(number, "x", 1) == 1 && close(number) == 0, "write");
  want(rename(name, name) == 0 && unlink(name) == 0, "unlink");
}

static void send_one(void) {
  int number = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  want(number >= 0, "socket");
  want(sendto(number, "x", 1, 0, (struct sockaddr*)&server, sizeof(server)) == 1, "sendto");
  want(connect(number, (struct sockaddr*)&server, sizeof(server)) == 0, "connect");
  close(number);
}

static pthread_barrier_t all_there;

static void* one_of_many(void* argument) {
  char name[32];
  snprintf(name, sizeof(name), "t%ld", (long)argument);
  pthread_barrier_wait(&all_there); /* a thousand at the same time */
  for (int i = 0; i < 5; ++i) {
    write_one(name);
    send_one();
    want(getenv("PATH") != NULL && getenv("NOT_SET") == NULL, "getenv");
  }
  done++;
  return NULL;
}

static void thousand(void) {
  enum { COUNT = 1000 };
  static pthread_t threads[COUNT];
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 256 * 1024);
  pthread_barrier_init(&all_there, NULL, COUNT);
  for (long i = 0; i < COUNT; ++i) {
    int error = pthread_create(&threads[i], &small, one_of_many, (void*)i);
    if (error != 0) {
      printf("thread %ld: %s\n", i, strerror(error));
      exit(1);
    }
  }
  for (int i = 0; i < COUNT; ++i) pthread_join(threads[i], NULL);
}

static void* busy(void* argument) {
  char name[32];
  snprintf(name, sizeof(name), "b%ld", (long)argument);
  while (!stop) {
    struct addrinfo* found = NULL;
    write_one(name);
    send_one();
    want(getaddrinfo("127.0.0.1", "80", NULL, &found) == 0, "getaddrinfo");
    if (found != NULL) freeaddrinfo(found);
    setenv("OWN", name, 1);
  }
  return NULL;
}

static void* forking(void* argument) {
  char name[32];
  for (int i = 0; i < 25; ++i) {
    pid_t child = fork();
    if (child == 0) {
      snprintf(name, sizeof(name), "c%ld", (long)argument);
      int number = open(name, O_WRONLY | O_CREAT, 0600);
      int sender = socket(AF_INET, SOCK_DGRAM, 0);
      int right = number >= 0 && unlink(name) == 0 &&
                  sendto(sender, "x", 1, 0, (struct sockaddr*)&server, sizeof(server)) == 1;
      if (right && i % 5 == 0) execl("/bin/true", "true", (char*)NULL);
      _exit(right ? 0 : 1);
    }
    int status = -1;
    want(waitpid(child, &status, 0) == child && status == 0, "child");
    done++;
  }
  return NULL;
}

static void fork_in_threads(void) {
  pthread_t threads[8];
  for (long i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, busy, (void*)i);
  for (long i = 4; i < 8; ++i) pthread_create(&threads[i], NULL, forking, (void*)i);
  for (int i = 4; i < 8; ++i) pthread_join(threads[i], NULL);
  stop = 1;
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
}

static void handler(int unused) {
  (void)unused;
  const int error = errno;
  int number = open("handler", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (number < 0 || write(number, "x", 1) != 1) wrong++;
  close(number);
  chmod("handler", 0600);
  int sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (sendto(sender, "x", 1, 0, (struct sockaddr*)&server, sizeof(server)) != 1) wrong++;
  close(sender);
  done++;
  errno = error;
}

static void handlers(void) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  const struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &often, NULL);
  for (int i = 0; done < 1000 || i < 2000; ++i) {
    write_one("main");
    send_one();
    if (i % 50 == 0) want(system("true") == 0, "system");
  }
  setitimer(ITIMER_REAL, &never, NULL);
  struct stat status;
  want(stat("handler", &status) == 0 && status.st_size == done, "handler's file");
  unlink("handler");
  done = 0; /* how often it ran depends on the machine */
}

static sem_t waiting;
static struct sockaddr_un crowded = {.sun_family = AF_UNIX, .sun_path = "crowded"};

static void* waits(void* argument) {
  sem_post(&waiting);
  if (argument == NULL) {
    open("fifo", O_WRONLY);
  } else {
    int number = socket(AF_UNIX, SOCK_STREAM, 0);
    connect(number, (struct sockaddr*)&crowded, sizeof(crowded));
  }
  return NULL;
}

static void cancel(void) {
  mkfifo("fifo", 0600);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  want(bind(listener, (struct sockaddr*)&crowded, sizeof(crowded)) == 0, "bind");
  listen(listener, 0);
  for (int i = 0; i < 4; ++i) {
    int number = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(number, (struct sockaddr*)&crowded, sizeof(crowded));
  }
  for (int i = 0; i < 20; ++i) {
    pthread_t thread;
    void* result = NULL;
    pthread_create(&thread, NULL, waits, (void*)(long)(i % 2));
    sem_wait(&waiting);
    if (i > 3) usleep(10000);
    want(pthread_cancel(thread) == 0, "cancel");
    pthread_join(thread, &result);
    want(result == PTHREAD_CANCELED, "cancelled");
    done++;
  }
  unlink("fifo");
  unlink("crowded");
}

int main(int argc, char** argv) {
  if (argc != 3 || chdir(argv[2]) != 0) return 2;
  int receiver = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  socklen_t length = sizeof(server);
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  bind(receiver, (struct sockaddr*)&server, sizeof(server));
  getsockname(receiver, (struct sockaddr*)&server, &length);
  sem_init(&waiting, 0, 0);
  if (strcmp(argv[1], "thousand") == 0) thousand();
  if (strcmp(argv[1], "fork") == 0) fork_in_threads();
  if (strcmp(argv[1], "handlers") == 0) handlers();
  if (strcmp(argv[1], "cancel") == 0) cancel();
  printf("%s: %d done, %d wrong\n", argv[1], (int)done, (int)wrong);
  return wrong != 0;
}
