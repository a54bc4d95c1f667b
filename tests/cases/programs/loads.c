// Asks the loader for functions and libraries as its arguments say, and says what it got.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char* place(void* address) {
  Dl_info found;
  if (address == NULL) return "nothing";
  if (dladdr(address, &found) == 0 || found.dli_fname == NULL) return "nowhere";
  const char* slash = strrchr(found.dli_fname, '/');
  return slash != NULL ? slash + 1 : found.dli_fname;
}

static void try_to_write(const char* what, void* function, const char* path) {
  int descriptor = ((int (*)(const char*, int, ...))function)(path, O_WRONLY);
  printf("%s: %s\n", what, descriptor < 0 ? strerrorname_np(errno) : "open");
  if (descriptor >= 0) close(descriptor);
}

// What a library says that is loaded in this way.
static void load(const char* what, void* handle, const char* path) {
  if (handle == NULL) {
    printf("%s: %s\n", what, dlerror());
    return;
  }
  int (*open_it)(const char*, int) = (int (*)(const char*, int))dlsym(handle, "open_in_library");
  int descriptor = open_it(path, O_WRONLY);
  printf("%s: %s\n", what, descriptor < 0 ? "refused" : "open");
  if (descriptor >= 0) close(descriptor);
  void* (*ask)(const char*) = (void* (*)(const char*))dlsym(handle, "ask_for_next");
  printf("%s, next open: %s\n", what,
         ask("open") == dlsym(RTLD_DEFAULT, "open") ? "same" : "other");
  printf("%s, next strlen: %s\n", what, place(ask("strlen")));
  dlclose(handle);
}

int main(int count, char** words) {
  if (count != 4) return 2;
  const char *path = words[1], *library = words[2], *relative = words[3];
  void* libc = dlopen("libc.so.6", RTLD_NOW);
  try_to_write("handle", dlsym(libc, "open"), path);
  try_to_write("default", dlsym(RTLD_DEFAULT, "open"), path);
  try_to_write("next", dlsym(RTLD_NEXT, "open"), path);
  try_to_write("version", dlvsym(libc, "open", "GLIBC_2.2.5"), path);
  printf("same function: %s\n", dlsym(libc, "open") == (void*)open ? "yes" : "no");
  printf("strlen: %s\n", place(dlsym(libc, "strlen")));
  printf("unknown: %s\n", dlsym(libc, "no_such_function") == NULL && dlerror() ? "error" : "none");
  printf("unknown version: %s\n", dlvsym(libc, "open", "NONE_1") == NULL ? "error" : "none");
  load("plain", dlopen(library, RTLD_NOW), path);
  load("deep", dlopen(library, RTLD_NOW | RTLD_DEEPBIND), path);
  // $ORIGIN is the caller's directory.
  printf("origin: %s\n", dlopen(relative, RTLD_NOW) != NULL ? "found" : dlerror());
  load("apart", dlmopen(LM_ID_NEWLM, library, RTLD_NOW), path);
  return 0;
}
