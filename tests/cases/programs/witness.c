/* Started in hostile ways by others: says "ok" if it runs under hfoffline as every child must.
 *
 *   witness MODELS_DIR SHIM [OTHER_PRELOADS]
 *
 * Prints one line: "ok", or everything that is wrong. The variables are looked for with getenv, in
 * environ, in main's third argument and in /proc/self/environ, since readers differ in which one
 * they use. Needs a network namespace of its own for the connect. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hfoffline/hfoffline.h"

extern char** environ;

static char problems[65536];

static void problem(const char* what, const char* detail) {
  size_t used = strlen(problems);
  snprintf(problems + used, sizeof(problems) - used, " [%s: %.200s]", what, detail);
}

static const char* find(char** entries, const char* name) {
  size_t length = strlen(name);
  const char* found = NULL;
  for (; entries != NULL && *entries != NULL; ++entries) {
    if (strncmp(*entries, name, length) == 0 && (*entries)[length] == '=') {
      if (found != NULL) problem("twice in the environment", name);
      if (found == NULL) found = *entries + length + 1;
    }
  }
  return found;
}

static char** proc_environment(void) {
  static char text[4 << 20];
  static char* entries[65536];
  int file = open("/proc/self/environ", O_RDONLY);
  size_t used = 0;
  ssize_t got;
  while (file >= 0 && (got = read(file, text + used, sizeof(text) - 1 - used)) > 0) used += got;
  close(file);
  size_t count = 0;
  for (size_t at = 0; at < used; at += strlen(text + at) + 1) entries[count++] = text + at;
  return entries;
}

static void expect(const char* where, const char* name, const char* value, const char* wanted) {
  char label[256];
  snprintf(label, sizeof(label), "%s by %s", name, where);
  if (wanted == NULL && value != NULL) problem(label, value);
  if (wanted != NULL && (value == NULL || strcmp(value, wanted) != 0)) {
    problem(label, value != NULL ? value : "missing");
  }
}

static void expect_everywhere(char** third, char** proc, const char* name, const char* wanted) {
  expect("getenv", name, getenv(name), wanted);
  expect("environ", name, find(environ, name), wanted);
  expect("main", name, find(third, name), wanted);
  expect("proc", name, find(proc, name), wanted);
}

int main(int argc, char** argv, char** third) {
  if (argc < 3) return 2;
  char** proc = proc_environment();
  expect_everywhere(third, proc, "HF_HUB_OFFLINE", "1");
  expect_everywhere(third, proc, "TRANSFORMERS_CACHE", NULL);
  expect_everywhere(third, proc, "HFOFFLINE_MODELS_DIR", argv[1]);
  expect_everywhere(third, proc, "HFOFFLINE_CHECKIN", NULL);

  char preload[8192];
  snprintf(preload, sizeof(preload), "%s%s%s", argv[2], argc > 3 ? ":" : "",
           argc > 3 ? argv[3] : "");
  expect_everywhere(third, proc, "LD_PRELOAD", preload);
  if (find(proc, "HFOFFLINE_POLICY") == NULL) problem("HFOFFLINE_POLICY", "missing");

  if (!hfoffline_is_active()) problem("hfoffline", "not active");
  struct sockaddr_in outside = {.sin_family = AF_INET, .sin_port = htons(443)};
  inet_pton(AF_INET, "192.0.2.1", &outside.sin_addr);
  int number = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(number, (struct sockaddr*)&outside, sizeof(outside)) != -1 || errno != ENETUNREACH) {
    problem("connect", strerror(errno));
  }
  close(number);
  if (hfoffline_refusals(HFOFFLINE_EGRESS) != 1) problem("connect", "not counted");
  char path[4096];
  snprintf(path, sizeof(path), "%s/written-by-witness", argv[1]);
  if (open(path, O_WRONLY | O_CREAT, 0600) != -1 || errno != EROFS) {
    problem("open", strerror(errno));
  }
  if (hfoffline_refusals(HFOFFLINE_WRITE) != 1) problem("open", "not counted");
  printf("%s%s\n", problems[0] == '\0' ? "ok" : "WRONG", problems);
  return 0;
}
