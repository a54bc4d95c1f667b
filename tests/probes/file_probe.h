// Rows of the file functions: every operation of a program, in every situation that suits it, in
// the protected tree and in its sibling, as every identity asked for.
#pragma once

#include <stddef.h>

// Where an operation takes place. `path` may be NULL or unreadable on purpose.
struct place {
  int dirfd;  // for the *at functions; AT_FDCWD unless the situation says otherwise
  const char* path;
  int fd;          // for the functions that take a descriptor
  const char* to;  // second path (rename)
  int to_dirfd;
};

enum probe_kind {
  kPath,        // a path
  kAt,          // a directory descriptor and a path
  kDescriptor,  // a descriptor
  kTwoPaths,    // two paths
  kTwoAt,       // two directory descriptors and paths
};

// How many situations an operation is tried in.
enum breadth { kFew, kMany, kAll };

typedef void (*any_function)(void);
#define FUNCTION(f) ((any_function)(f))

// One operation: a function with one set of arguments.
struct operation {
  const char* function;
  const char* variant;  // how it is called, or ""
  enum probe_kind kind;
  enum breadth breadth;
  void (*call)(const struct place* place, const struct operation* operation);
  any_function address;  // NULL where this libc has none (a weak symbol)
  long value;            // flags, mode or the like
  const char* text;
};

// The main function of a probe program: PROGRAM BASE OWNER IDENTITY... [-- WORD...]
//   OWNER     uid of the scene in BASE (build_scene made it)
//   IDENTITY  NAME (as whom the program runs) or NAME=UID; NAME:many and NAME:few limit the
//             situations
//   WORD      only the rows whose name contains one of the words
int run_file_probes(int argc, char** argv, const struct operation* operations, size_t count);

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
