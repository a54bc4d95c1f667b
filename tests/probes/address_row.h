// Rows of the functions that take one address: the socket, where to, and what makes the call.
#pragma once

#include <stddef.h>

#include "net_probe.h"

struct address_row {
  const char* function;
  const char* variant;
  void (*call)(const struct address_row* row, int fd);  // reports what it answers
  int family, type;                                     // of the socket
  struct destination destination;                       // its length is passed on as it is
  int flags;                                            // of what sends
  size_t size;                                          // of what is sent
};

// Prints the row; `work` gets it.
void with(struct address_row row, const char* situation, void (*work)(void* row));

// The row with each destination of this family in place of its own, on a fresh socket.
void everywhere(struct address_row row, int address_family);

// The row on a socket of another family than its address.
struct address_row on(struct address_row row, int family);

// What a row is called with: a fresh socket, one of the program's own server, none at all, a file,
// or one that may send to everybody.
void plain(void* row);
void connected(void* row);
void closed_descriptor(void* row);
void file_descriptor(void* row);
void with_broadcast(void* row);

// A page that nobody may read.
void* no_access(void);
