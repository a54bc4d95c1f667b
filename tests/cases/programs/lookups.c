// Looks names up in the ways that its arguments name, and connects: a line of output for each.
//   lookups [getaddrinfo|gethostbyname|wait|later|res_query|elsewhere NAME | connect ADDRESS:PORT |
//            everyhow NAME]...
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void print_list(int code, const struct addrinfo* found) {
  if (code != 0) {
    printf("%s", code == EAI_NONAME ? "EAI_NONAME" : code == EAI_AGAIN ? "EAI_AGAIN" : "another");
    return;
  }
  for (const struct addrinfo* at = found; at; at = at->ai_next) {
    char host[64] = "?", port[16] = "?";
    getnameinfo(at->ai_addr, at->ai_addrlen, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    printf("%s%d/%d/%d/%s#%s", at == found ? "" : " ", at->ai_family, at->ai_socktype,
           at->ai_protocol, host, port);
    if (at->ai_canonname) printf("=%s", at->ai_canonname);
  }
}

static void look_up(const char* name, int flags, int family, int type, const char* service) {
  struct addrinfo hints = {.ai_flags = flags, .ai_family = family, .ai_socktype = type};
  struct addrinfo* found = NULL;
  int code = getaddrinfo(name, service, &hints, &found);
  print_list(code, found);
  if (code == 0) freeaddrinfo(found);
}

// In every way that hints can be combined for a usual program.
static void look_up_everyhow(const char* name) {
  static const int flags[] = {
      0,          AI_CANONNAME,   AI_ADDRCONFIG, AI_CANONNAME | AI_ADDRCONFIG,
      AI_PASSIVE, AI_NUMERICSERV, AI_V4MAPPED};
  static const int families[] = {AF_INET, AF_INET6};
  static const int types[] = {0, SOCK_STREAM, SOCK_DGRAM, SOCK_RAW};
  static const char* const services[] = {NULL, "80", "http", "domain", "nosuchservice"};
  for (int f = 0; f < 7; f++) {
    for (int i = 0; i < 2; i++) {
      for (int t = 0; t < 4; t++) {
        for (int s = 0; s < 5; s++) {
          printf("%d %d %d %s: ", flags[f], families[i], types[t], services[s] ? services[s] : "-");
          look_up(name, flags[f], families[i], types[t], services[s]);
          printf("\n");
        }
      }
    }
  }
}

static void look_up_in_background(const char* name, int mode) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  struct gaicb request = {.ar_name = name, .ar_request = &hints};
  struct gaicb* list[] = {&request};
  const struct gaicb* wait[] = {&request};
  getaddrinfo_a(mode, list, 1, NULL);
  // The answer is there once gai_suspend() is back, and many programs ask for no more.
  if (mode == GAI_NOWAIT) gai_suspend(wait, 1, NULL);
  print_list(request.ar_result ? 0 : gai_error(&request), request.ar_result);
}

// By another process of the same run.
static void look_up_elsewhere(const char* name) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    struct addrinfo* found = NULL;
    _exit(getaddrinfo(name, NULL, NULL, &found) == 0 ? 0 : 1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  printf("%s", status == 0 ? "found" : "not found");
}

static void look_up_old(const char* name) {
  const struct hostent* host = gethostbyname(name);
  if (!host) {
    printf("h_errno %d", h_errno);
    return;
  }
  printf("%s", host->h_name);
  for (char** at = host->h_addr_list; *at; at++) {
    char text[64];
    printf(" %s", inet_ntop(host->h_addrtype, *at, text, sizeof text));
  }
}

static void connect_to(char* target) {
  char* colon = strrchr(target, ':');
  struct sockaddr_in address = {.sin_family = AF_INET};
  *colon = '\0';
  inet_pton(AF_INET, target, &address.sin_addr);
  address.sin_port = htons((unsigned short)atoi(colon + 1));
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int result = connect(fd, (struct sockaddr*)&address, sizeof address);
  printf("%s", result == 0             ? "connected"
               : errno == ENETUNREACH  ? "ENETUNREACH"
               : errno == EHOSTUNREACH ? "EHOSTUNREACH"
                                       : strerror(errno));
  close(fd);
}

int main(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    char* value = argv[i + 1];
    if (strcmp(argv[i], "everyhow") == 0) {
      look_up_everyhow(value);
      continue;
    }
    printf("%s %s: ", argv[i], value);
    if (strcmp(argv[i], "getaddrinfo") == 0) look_up(value, 0, AF_UNSPEC, SOCK_STREAM, NULL);
    if (strcmp(argv[i], "gethostbyname") == 0) look_up_old(value);
    if (strcmp(argv[i], "wait") == 0) look_up_in_background(value, GAI_WAIT);
    if (strcmp(argv[i], "later") == 0) look_up_in_background(value, GAI_NOWAIT);
    if (strcmp(argv[i], "elsewhere") == 0) look_up_elsewhere(value);
    if (strcmp(argv[i], "connect") == 0) connect_to(value);
    if (strcmp(argv[i], "res_query") == 0) {
      unsigned char answer[512];
      printf("%s", res_query(value, C_IN, T_A, answer, sizeof answer) > 0 ? "answered" : "failed");
    }
    printf("\n");
  }
  return fflush(stdout) == 0 ? 0 : 2;
}
