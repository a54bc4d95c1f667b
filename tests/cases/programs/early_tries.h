/* What must hold at any time in a process's life: before the shim's constructor and after its
 * destructor. Header only, for a library and for a program. */
#ifndef EARLY_TRIES_H
#define EARLY_TRIES_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int try_connect(void) {
  struct sockaddr_in outside = {.sin_family = AF_INET, .sin_port = htons(443)};
  outside.sin_addr.s_addr = inet_addr("192.0.2.1");
  int number = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int error = connect(number, (struct sockaddr*)&outside, sizeof(outside)) == 0 ? 0 : errno;
  close(number);
  return error;
}

/* EARLY_MODELS comes from /proc: libc may not have set environ yet. */
static const char* early_models(char* text, size_t size) {
  int file = open("/proc/self/environ", O_RDONLY);
  ssize_t used = 0, got;
  while (used < (ssize_t)size - 1 && (got = read(file, text + used, size - 1 - (size_t)used)) > 0)
    used += got;
  text[used] = '\0';
  close(file);
  for (char* at = text; at < text + used; at += strlen(at) + 1) {
    if (strncmp(at, "EARLY_MODELS=", 13) == 0) return at + 13;
  }
  return NULL;
}

static void early_tries(const char* when) {
  static char environment[1 << 17];
  char path[4096];
  char line[1024];
  const char* models = early_models(environment, sizeof(environment));
  const char* offline = getenv("HF_HUB_OFFLINE");
  const char* legacy = getenv("TRANSFORMERS_CACHE");
  snprintf(path, sizeof(path), "%s/early", models == NULL ? "/nowhere" : models);
  errno = 0;
  int written = open(path, O_WRONLY | O_CREAT, 0600) >= 0 ? 0 : errno;
  FILE* stream = fopen(path, "w");
  int connected = try_connect();
  struct addrinfo* found = NULL;
  int looked_up = getaddrinfo("huggingface.co", "443", NULL, &found);
  snprintf(
      line, sizeof(line),
      "%s: HF_HUB_OFFLINE=%s TRANSFORMERS_CACHE=%s open %d fopen %s connect %d getaddrinfo %d\n",
      when, offline == NULL ? "none" : offline, legacy == NULL ? "none" : legacy, written,
      stream == NULL ? "no" : "yes", connected, looked_up);
  if (write(1, line, strlen(line)) < 0) _exit(9);
}

static void late_tries(int times) {
  int refused = 0;
  for (int i = 0; i < times; ++i) refused += try_connect() == ENETUNREACH;
  char line[128];
  snprintf(line, sizeof(line), "%d of %d refused at the end\n", refused, times);
  if (write(1, line, strlen(line)) < 0) _exit(9);
}

#endif
