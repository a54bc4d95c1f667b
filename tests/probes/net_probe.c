#define _GNU_SOURCE
#include "net_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "probe.h"
#include "raw.h"

struct servers servers;

static const char* own_addresses[4];
static int own_count;
static int only_local;
static int watcher = -1;  // sees the packets that go out through the interface
static char** words;
static int word_count;

// What a destination is reached by.
enum port_kind { kServer, kClosed, kFar, kZero };

struct listed {
  const char* text;  // NULL: one of the machine's own addresses, by number in `own`
  enum port_kind port;
  int is_away;
  unsigned scope;
  const char* note;  // appended to the name
};

static const struct listed listed4[] = {
    {"127.0.0.1", kServer, 0, 0, ""},
    {"127.0.0.1", kClosed, 0, 0, ", closed port"},
    {"127.0.0.1", kZero, 0, 0, ", port 0"},
    {"127.9.8.7", kServer, 0, 0, ""},
    {"127.255.255.254", kServer, 0, 0, ""},
    {"127.255.255.255", kServer, 0, 0, ", lo's broadcast"},
    {"0.0.0.0", kServer, 0, 0, ""},
    {"0.0.0.0", kClosed, 0, 0, ", closed port"},
    {"192.0.2.1", kFar, 1, 0, ""},
    {"192.0.2.1", kZero, 1, 0, ", port 0"},
    {"8.8.8.8", kFar, 1, 0, ""},
    {"10.99.0.2", kFar, 1, 0, ", a neighbour"},
    {"10.99.0.255", kFar, 1, 0, ", the neighbours' broadcast"},
    {"126.255.255.255", kFar, 1, 0, ", just below loopback"},
    {"128.0.0.0", kFar, 1, 0, ", just above loopback"},
    {"169.254.169.254", kFar, 1, 0, ", cloud metadata"},
    {"255.255.255.255", kFar, 1, 0, ", broadcast"},
    {"224.0.0.1", kFar, 1, 0, ", multicast"},
    {"239.1.2.3", kFar, 1, 0, ", multicast"},
    {"240.0.0.1", kFar, 1, 0, ", reserved"},
    {"0.0.0.1", kFar, 1, 0, ", this network"},
};

static const struct listed listed6[] = {
    {"::1", kServer, 0, 0, ""},
    {"::1", kClosed, 0, 0, ", closed port"},
    {"::", kServer, 0, 0, ""},
    {"::ffff:127.0.0.1", kServer, 0, 0, ""},
    {"::ffff:127.9.8.7", kServer, 0, 0, ""},
    {"::ffff:127.0.0.1", kClosed, 0, 0, ", closed port"},
    {"::ffff:0.0.0.0", kServer, 0, 0, ""},
    {"2001:db8::1", kFar, 1, 0, ""},
    {"2001:db8::1", kZero, 1, 0, ", port 0"},
    {"2001:4860:4860::8888", kFar, 1, 0, ""},
    {"fd99::2", kFar, 1, 0, ", a neighbour"},
    {"::2", kFar, 1, 0, ", next to loopback"},
    {"::127.0.0.1", kFar, 1, 0, ", v4-compatible"},
    {"::ffff:192.0.2.1", kFar, 1, 0, ", v4-mapped"},
    {"::ffff:255.255.255.255", kFar, 1, 0, ", v4-mapped broadcast"},
    {"64:ff9b::192.0.2.1", kFar, 1, 0, ", translated"},
    {"fe80::1", kFar, 1, 0, ", link-local without a scope"},
    {"fe80::1", kFar, 1, 1, ", link-local on lo"},
    {"fe80::1", kFar, 1, 2, ", link-local on interface 2"},
    {"ff02::1", kFar, 1, 0, ", multicast without a scope"},
    {"ff02::1", kFar, 1, 2, ", multicast on interface 2"},
    {"ff0e::1", kFar, 1, 0, ", global multicast"},
};

socklen_t make_address(struct sockaddr_storage* address, const char* text, int port,
                       unsigned scope) {
  memset(address, 0, sizeof *address);
  struct sockaddr_in* four = (struct sockaddr_in*)address;
  struct sockaddr_in6* six = (struct sockaddr_in6*)address;
  if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)port);
    return sizeof *four;
  }
  if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1) {
    fprintf(stderr, "not an address: %s\n", text);
    exit(2);
  }
  six->sin6_family = AF_INET6;
  six->sin6_port = htons((uint16_t)port);
  six->sin6_scope_id = scope;
  return sizeof *six;
}

static int server_port(const char* text, int type) {
  // What a v4-mapped address reaches is the IPv4 server.
  int four = strchr(text, ':') == NULL || strncmp(text, "::ffff:", 7) == 0;
  if (type == SOCK_STREAM) return four ? servers.tcp4_port : servers.tcp6_port;
  return four ? servers.udp4_port : servers.udp6_port;
}

struct destination far_away(const char* text) {
  struct destination destination = {text, 1, 0, {0}, 0};
  destination.length = make_address(&destination.address, text, kFarPort, 0);
  destination.family = destination.address.ss_family;
  return destination;
}

struct destination near_by(const char* text, int type) {
  struct destination destination = {text, 0, 0, {0}, 0};
  destination.length = make_address(&destination.address, text, server_port(text, type), 0);
  destination.family = destination.address.ss_family;
  return destination;
}

void each_destination(int family, int type,
                      void (*visit)(const struct destination* destination, void* context),
                      void* context) {
  const struct listed* list = family == AF_INET ? listed4 : listed6;
  size_t count =
      family == AF_INET ? sizeof listed4 / sizeof *listed4 : sizeof listed6 / sizeof *listed6;
  char name[128];
  for (size_t i = 0; i < count; i++) {
    struct destination destination = {name, list[i].is_away, family, {0}, 0};
    int port = list[i].port == kServer   ? server_port(list[i].text, type)
               : list[i].port == kClosed ? kClosedPort
               : list[i].port == kFar    ? kFarPort
                                         : 0;
    destination.length = make_address(&destination.address, list[i].text, port, list[i].scope);
    snprintf(name, sizeof name, "%s%s", list[i].text, list[i].note);
    visit(&destination, context);
  }
  for (int i = 0; i < own_count; i++) {
    const char* own = own_addresses[i];
    int own_family = strchr(own, ':') ? AF_INET6 : AF_INET;
    char mapped[64];
    snprintf(mapped, sizeof mapped, "%s%s", own_family == family ? "" : "::ffff:", own);
    if (own_family == AF_INET6 && family == AF_INET) continue;
    struct destination destination = {name, 0, family, {0}, 0};
    destination.length = make_address(&destination.address, mapped, server_port(mapped, type), 0);
    snprintf(name, sizeof name, "%s, own address", mapped);
    visit(&destination, context);
  }
}

// The kernel's own neighbour and group messages have nothing to do with a row.
static int is_noise(const unsigned char* packet, int protocol, long header) {
  return protocol == IPPROTO_IGMP || protocol == IPPROTO_HOPOPTS ||
         (protocol == IPPROTO_ICMPV6 && packet[header] >= 130 && packet[header] <= 143);
}

// Says what went out. Sending is done within the call, so nothing of this row is still to come.
static void packets_that_left(char* text, size_t size) {
  unsigned char packet[2048];
  char target[INET6_ADDRSTRLEN];
  size_t used = 0;
  for (;;) {
    struct sockaddr_ll from;
    socklen_t from_length = sizeof from;
    long length = raw_call(SYS_recvfrom, watcher, (long)packet, sizeof packet, MSG_DONTWAIT,
                           (long)&from, (long)&from_length);
    if (length < 0) return;
    if (from.sll_pkttype != PACKET_OUTGOING || length < 20) continue;
    int is_four = packet[0] >> 4 == 4;
    if (!is_four && length < 48) continue;
    int protocol = is_four ? packet[9] : packet[6];
    long header = is_four ? (packet[0] & 15) * 4 : 40;
    if (is_noise(packet, protocol, header)) continue;
    inet_ntop(is_four ? AF_INET : AF_INET6, packet + (is_four ? 16 : 24), target, sizeof target);
    int written = snprintf(text + used, size - used, "%s protocol %d to %s",
                           used ? "," : "; LEFT THE MACHINE:", protocol, target);
    if (written > 0 && used + (size_t)written < size) used += (size_t)written;
  }
}

void net_row(const char* function, const char* variant, int is_away, const char* situation,
             void (*work)(void* context), void* context) {
  char line[512];
  if (is_away && only_local) return;
  snprintf(line, sizeof line, "%s(%s) %s: %s", function, variant, is_away ? "away" : "local",
           situation);
  int wanted = word_count == 0;
  for (int i = 0; i < word_count; i++) wanted |= strstr(line, words[i]) != NULL;
  if (wanted) run_row(line, work, context, watcher >= 0 ? packets_that_left : NULL);
}

// Long enough for loopback, short enough to wait for where nothing answers.
static void limit_waiting(int fd) {
  struct timeval limit = {0, 20000};
  RAW5(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

int raw_socket(int family, int type, int protocol) {
  long fd = RAW3(SYS_socket, family, type, protocol);
  if (fd < 0) {
    report("no socket: %s", errno_name((int)-fd));
    RAW1(SYS_exit_group, 0);
  }
  limit_waiting((int)fd);
  return (int)fd;
}

int connected_socket(int family, int type) {
  struct sockaddr_storage address;
  const char* text = family == AF_INET ? "127.0.0.1" : "::1";
  socklen_t length = make_address(&address, text, server_port(text, type), 0);
  int fd = raw_socket(family, type, 0);
  long result = RAW3(SYS_connect, fd, &address, length);
  if (result != 0) {
    report("the probe itself failed: connect: %s", errno_name((int)-result));
    RAW1(SYS_exit_group, 0);
  }
  return fd;
}

static int serve(int family, int type, int* port) {
  struct sockaddr_storage address;
  socklen_t length = make_address(&address, family == AF_INET ? "0.0.0.0" : "::", 0, 0);
  long fd = RAW3(SYS_socket, family, type | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;  // no IPv6 here: its rows report it
  int one = 1;
  if (family == AF_INET6) RAW5(SYS_setsockopt, fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (RAW3(SYS_bind, fd, &address, length) != 0) return -1;
  if (type == SOCK_STREAM) RAW2(SYS_listen, fd, 4096);
  RAW3(SYS_getsockname, fd, &address, &length);
  *port = ntohs(((struct sockaddr_in*)&address)->sin_port);
  return 0;
}

static int serve_unix(struct sockaddr_un* address, socklen_t length, int type) {
  long fd = RAW3(SYS_socket, AF_UNIX, type | SOCK_CLOEXEC, 0);
  if (fd < 0 || RAW3(SYS_bind, fd, address, length) != 0) return -1;
  if (type == SOCK_STREAM) RAW2(SYS_listen, fd, 4096);
  return 0;
}

int start_net_probes(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: %s DIRECTORY [own=ADDRESS]... [only=local] [watcher=FD] [-- WORD...]\n",
            argv[0]);
    return 2;
  }
  for (int i = 2; i < argc; i++) {
    if (strcmp(argv[i], "--") == 0) {
      words = argv + i + 1;
      word_count = argc - i - 1;
      break;
    }
    if (strncmp(argv[i], "own=", 4) == 0 && own_count < 4) own_addresses[own_count++] = argv[i] + 4;
    if (strcmp(argv[i], "only=local") == 0) only_local = 1;
    if (strncmp(argv[i], "watcher=", 8) == 0) watcher = atoi(argv[i] + 8);
  }
  servers.stream.sun_family = servers.datagram.sun_family = servers.abstract.sun_family = AF_UNIX;
  snprintf(servers.stream.sun_path, sizeof servers.stream.sun_path, "%.80s/stream", argv[1]);
  snprintf(servers.datagram.sun_path, sizeof servers.datagram.sun_path, "%.80s/datagram", argv[1]);
  int abstract = snprintf(servers.abstract.sun_path + 1, sizeof servers.abstract.sun_path - 1,
                          "hfoffline-probe-%d", (int)getpid());
  servers.path_length = sizeof servers.stream;
  servers.abstract_length =
      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)abstract);
  RAW3(SYS_unlinkat, AT_FDCWD, servers.stream.sun_path, 0);
  RAW3(SYS_unlinkat, AT_FDCWD, servers.datagram.sun_path, 0);
  int failed = serve(AF_INET, SOCK_STREAM, &servers.tcp4_port) |
               serve(AF_INET, SOCK_DGRAM, &servers.udp4_port) |
               serve_unix(&servers.stream, servers.path_length, SOCK_STREAM) |
               serve_unix(&servers.datagram, servers.path_length, SOCK_DGRAM) |
               serve_unix(&servers.abstract, servers.abstract_length, SOCK_STREAM);
  serve(AF_INET6, SOCK_STREAM, &servers.tcp6_port);
  serve(AF_INET6, SOCK_DGRAM, &servers.udp6_port);
  if (failed) {
    fprintf(stderr, "cannot start the servers in %s\n", argv[1]);
    return 2;
  }
  start_rows();
  return 0;
}
