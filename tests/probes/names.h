// What the programs that look names up share: the hosts file they are run with, and how an answer
// is printed.
#pragma once

#include <sys/socket.h>

// The driver puts this hosts file in place:
//   127.0.0.1 localhost      ::1 localhost
//   127.0.0.7 probe-host.test probe-alias      192.0.2.7 probe-away.test
//   fd99::7 probe-six.test   127.0.0.8 probe-both.test   ::1 probe-both.test
struct name {
  const char* text;
  int is_away;  // not known without asking a name server
};
extern const struct name names[];
extern const int name_count;

const char* eai_name(int code);
const char* h_errno_name(int code);
void report_address(int family, const void* address);
