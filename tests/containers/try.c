// What a run must refuse, in one program for images with nothing in them. Prints what it was told.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
  const char* models = getenv("HFOFFLINE_MODELS_DIR");
  char path[256];
  snprintf(path, sizeof(path), "%s/new", models != NULL ? models : "?");
  const int file = open(path, O_WRONLY | O_CREAT, 0600);
  printf("write: %s\n", file < 0 ? strerror(errno) : "passed");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(443)};
  inet_pton(AF_INET, "192.0.2.1", &address.sin_addr);
  const int socket_number = socket(AF_INET, SOCK_STREAM, 0);
  const int result = connect(socket_number, (struct sockaddr*)&address, sizeof(address));
  printf("connect: %s\n", result < 0 ? strerror(errno) : "passed");
  const char* offline = getenv("HF_HUB_OFFLINE");
  printf("HF_HUB_OFFLINE: %s\n", offline != NULL ? offline : "unset");
  return 0;
}
