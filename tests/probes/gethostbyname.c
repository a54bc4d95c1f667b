// gethostbyname, gethostbyname2, gethostbyaddr and their _r twins.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "net_probe.h"
#include "probe.h"

static void report_host(const struct hostent* host) {
  report("%s", host->h_name);
  for (char** alias = host->h_aliases; *alias; alias++) report("=%s", *alias);
  for (char** address = host->h_addr_list; *address; address++) {
    report(" ");
    report_address(host->h_addrtype, *address);
  }
}

struct row {
  const char* name;
  int family;
  size_t space;
};

static void plain_answer(const struct hostent* host) {
  if (host)
    report_host(host);
  else
    report("%s", h_errno_name(h_errno));
}

static void reentrant_answer(int code, const struct hostent* result, int error) {
  if (result)
    report_host(result);
  else
    report("%s %s", code == 0 ? "0" : code == ERANGE ? "ERANGE" : "an error", h_errno_name(error));
}

static void by_name(void* context) {
  const struct row* row = context;
  plain_answer(gethostbyname(row->name));
}

static void by_name2(void* context) {
  const struct row* row = context;
  plain_answer(gethostbyname2(row->name, row->family));
}

static void by_name_r(void* context) {
  const struct row* row = context;
  struct hostent host, *result = NULL;
  char space[4096];
  int error = 0;
  int code = gethostbyname_r(row->name, &host, space, row->space, &result, &error);
  reentrant_answer(code, result, error);
}

static void by_name2_r(void* context) {
  const struct row* row = context;
  struct hostent host, *result = NULL;
  char space[4096];
  int error = 0;
  int code = gethostbyname2_r(row->name, row->family, &host, space, row->space, &result, &error);
  reentrant_answer(code, result, error);
}

static socklen_t address_of(const struct row* row, char* address) {
  inet_pton(row->family, row->name, address);
  return row->family == AF_INET ? 4 : 16;
}

static void by_address(void* context) {
  char address[16];
  const struct row* row = context;
  socklen_t length = address_of(row, address);
  plain_answer(gethostbyaddr(address, length, row->family));
}

static void by_address_r(void* context) {
  const struct row* row = context;
  struct hostent host, *result = NULL;
  char address[16], space[4096];
  int error = 0;
  socklen_t length = address_of(row, address);
  int code =
      gethostbyaddr_r(address, length, row->family, &host, space, row->space, &result, &error);
  reentrant_answer(code, result, error);
}

static void row(const char* function, const char* variant, int is_away, const char* name,
                int family, size_t space, void (*work)(void*)) {
  char situation[256];
  struct row row = {name, family, space};
  snprintf(situation, sizeof situation, "\"%s\"", name);
  net_row(function, variant, is_away, situation, work, &row);
}

int main(int argc, char** argv) {
  int failed = start_net_probes(argc, argv);
  if (failed) return failed;
  for (int i = 0; i < name_count; i++) {
    const char* name = names[i].text;
    // An IPv6 literal is not in the hosts file, and is looked up further as an IPv4 name, and the
    // other way round; a name of one family only is looked up further in the other.
    int six = strchr(name, ':') != NULL || strcmp(name, "probe-six.test") == 0;
    int four = strstr(name, "127.") || strcmp(name, "077.1") == 0 ||
               strcmp(name, "192.0.2.9") == 0 || strstr(name, "probe-h") || strstr(name, "PROBE") ||
               strstr(name, "probe-a");
    if (strchr(name, '%')) continue;
    // Hexadecimal is a literal to getaddrinfo only.
    int looked_up = names[i].is_away || strcmp(name, "0x7f.1") == 0;
    int is_away4 = looked_up || six;
    int is_away6 = looked_up || four;
    row("gethostbyname", "", is_away4, name, AF_INET, 0, by_name);
    row("gethostbyname_r", "", is_away4, name, AF_INET, 4096, by_name_r);
    row("gethostbyname2", "AF_INET", is_away4, name, AF_INET, 0, by_name2);
    row("gethostbyname2", "AF_INET6", is_away6, name, AF_INET6, 0, by_name2);
    row("gethostbyname2_r", "AF_INET6", is_away6, name, AF_INET6, 4096, by_name2_r);
  }
  row("gethostbyname_r", "too little space", 0, "probe-host.test", AF_INET, 8, by_name_r);
  row("gethostbyname_r", "too little space", 0, "127.0.0.1", AF_INET, 8, by_name_r);
  row("gethostbyname2", "an unknown family", 0, "localhost", 99, 0, by_name2);
  static const char* const known[] = {"127.0.0.1", "127.0.0.7", "192.0.2.7"};
  for (size_t i = 0; i < 3; i++) {
    row("gethostbyaddr", "", 0, known[i], AF_INET, 0, by_address);
    row("gethostbyaddr_r", "", 0, known[i], AF_INET, 4096, by_address_r);
  }
  row("gethostbyaddr", "", 0, "::1", AF_INET6, 0, by_address);
  row("gethostbyaddr", "", 1, "192.0.2.99", AF_INET, 0, by_address);
  row("gethostbyaddr", "", 1, "127.0.0.99", AF_INET, 0, by_address);
  row("gethostbyaddr", "", 1, "2001:db8::99", AF_INET6, 0, by_address);
  row("gethostbyaddr_r", "", 1, "192.0.2.99", AF_INET, 4096, by_address_r);
  return fflush(stdout) == 0 ? 0 : 2;
}
