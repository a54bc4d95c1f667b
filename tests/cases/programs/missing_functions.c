/* Calls functions that only other libcs have, as a program does that looks them up by name. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void say(const char* name, void* pointer, long value) {
  const char* error = errno == ENOSYS ? "ENOSYS" : strerror(errno);
  if (value == 0) {
    printf("%s: %s, %s\n", name, pointer == NULL ? "null" : "not null", error);
  } else {
    printf("%s: %ld, %s\n", name, value, error);
  }
  errno = 0;
}

int main(void) {
  void* (*opener)(const char*, const char*);
  for (int i = 0; i < 2; ++i) {
    const char* name = i == 0 ? "_IO_fopen" : "_IO_popen";
    *(void**)&opener = dlsym(RTLD_DEFAULT, name);
    if (opener == NULL) return 1;
    say(name, opener(i == 0 ? "/dev/null" : "true", "r"), 0);
  }
  int (*look_up)(int, void**, int, void*);
  *(void**)&look_up = dlsym(RTLD_DEFAULT, "getaddrinfo_a");
  if (look_up == NULL) return 1;
  say("getaddrinfo_a", NULL, look_up(1 /* GAI_NOWAIT */, NULL, 0, NULL));
  int (*open_it)(int, const char*, int);
  *(void**)&open_it = dlsym(RTLD_DEFAULT, "__openat_2");
  if (open_it == NULL) return 1;
  say("__openat_2", NULL, open_it(-100, "/dev/null", 0));
  return 0;
}
