// Rows of the network functions: every operation towards every destination that suits it.
//
// Rows are "away" (the address is not this machine's: the answer must be that of a namespace that
// has only lo) or "local" (the answer must be the bare one).
#pragma once

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { kClosedPort = 1, kFarPort = 9 };

// A destination, ready to be passed to connect and the like.
struct destination {
  const char* name;
  int is_away;
  int family;
  struct sockaddr_storage address;
  socklen_t length;
};

// The servers every program starts for itself, on all addresses of the machine.
struct servers {
  int tcp4_port, tcp6_port, udp4_port, udp6_port;
  struct sockaddr_un stream, datagram, abstract;
  socklen_t path_length, abstract_length;
};
extern struct servers servers;

// PROGRAM DIRECTORY [own=ADDRESS]... [only=local] [watcher=FD] [-- WORD...]
//   DIRECTORY  where Unix sockets may be made
//   own        an address of this machine other than loopback; rows about it exist only then
//   watcher    a packet socket; what it sees going out is part of the row's result
// Returns 0, or an exit status after a message.
int start_net_probes(int argc, char** argv);

// Calls `visit` with each destination of `family` (AF_INET, AF_INET6) for the given kind of socket.
void each_destination(int family, int type,
                      void (*visit)(const struct destination* destination, void* context),
                      void* context);

// Prints one row, named "FUNCTION(VARIANT) away: SITUATION", if the command line wants it.
void net_row(const char* function, const char* variant, int is_away, const char* situation,
             void (*work)(void* context), void* context);

// A socket that no hook has seen. Reports and ends the row if the kernel has none of this kind.
int raw_socket(int family, int type, int protocol);

// One connected to this program's own server (SOCK_STREAM or SOCK_DGRAM, AF_INET or AF_INET6).
int connected_socket(int family, int type);

// Fills in an address and returns its length. `text` is a literal; scope is for IPv6.
socklen_t make_address(struct sockaddr_storage* address, const char* text, int port,
                       unsigned scope);

// A destination by its literal text, on the port of the far end or of a server of this kind.
struct destination far_away(const char* text);
struct destination near_by(const char* text, int type);
