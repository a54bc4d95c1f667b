// Calls libc's old network functions as its arguments say, FUNCTION=NAME or FUNCTION=NAME:PORT, and
// says how each went.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_network(const struct netent* network) {
  if (network != NULL)
    printf("%s %u\n", network->n_name, network->n_net);
  else
    printf("none, h_errno %d\n", h_errno);
}

static void print_stream(int descriptor) {
  char text[64] = "";
  if (descriptor < 0) {
    printf("%s\n", strerrorname_np(errno));
    return;
  }
  ssize_t size = read(descriptor, text, sizeof text - 1);
  printf("%.*s\n", size > 0 ? (int)size : 0, text);
  close(descriptor);
}

int main(int count, char** words) {
  for (int i = 1; i < count; i++) {
    char* name = strchr(words[i], '=');
    if (name == NULL) return 2;
    *name++ = 0;
    char* colon = strchr(name, ':');
    unsigned short port = htons((unsigned short)(colon ? atoi(colon + 1) : 0));
    if (colon != NULL) *colon = 0;
    const char* verb = words[i];
    struct netent memory, *network = NULL;
    char buffer[1024];
    printf("%s %s: ", verb, name);
    fflush(stdout);
    if (strcmp(verb, "getnetbyname") == 0) {
      print_network(getnetbyname(name));
    } else if (strcmp(verb, "getnetbyname_r") == 0) {
      getnetbyname_r(name, &memory, buffer, sizeof buffer, &network, &h_errno);
      print_network(network);
    } else if (strcmp(verb, "getnetbyaddr") == 0) {
      print_network(getnetbyaddr(ntohl(inet_addr(name)), AF_INET));
    } else if (strcmp(verb, "getnetbyaddr_r") == 0) {
      getnetbyaddr_r(ntohl(inet_addr(name)), AF_INET, &memory, buffer, sizeof buffer, &network,
                     &h_errno);
      print_network(network);
    } else if (strcmp(verb, "rcmd") == 0) {
      print_stream(rcmd(&name, port, "one", "two", "command", NULL));
    } else if (strcmp(verb, "rcmd_af") == 0) {
      print_stream(rcmd_af(&name, port, "one", "two", "command", NULL, AF_UNSPEC));
    } else if (strcmp(verb, "rexec") == 0) {
      print_stream(rexec(&name, port, "user", "password", "command", NULL));
    } else if (strcmp(verb, "rexec_af") == 0) {
      print_stream(rexec_af(&name, port, "user", "password", "command", NULL, AF_UNSPEC));
    } else if (strcmp(verb, "ruserok") == 0) {
      printf("%d\n", ruserok(name, 0, "one", "root"));
    } else if (strcmp(verb, "ruserok_af") == 0) {
      printf("%d\n", ruserok_af(name, 0, "one", "root", AF_UNSPEC));
    } else {
      return 2;
    }
  }
  return 0;
}
