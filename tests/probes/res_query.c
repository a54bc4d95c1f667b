// The resolver's own functions, by both of the names that programs are linked to.
#define _GNU_SOURCE
#include <arpa/nameser.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "names.h"
#include "net_probe.h"
#include "probe.h"

struct row {
  void* function;
  const char* name;
  const char* domain;
};

typedef int query_function(const char*, int, int, unsigned char*, int);
typedef int domain_function(const char*, const char*, int, int, unsigned char*, int);
typedef int send_function(const unsigned char*, int, unsigned char*, int);
typedef int nquery_function(res_state, const char*, int, int, unsigned char*, int);
typedef int ndomain_function(res_state, const char*, const char*, int, int, unsigned char*, int);
typedef int nsend_function(res_state, const unsigned char*, int, unsigned char*, int);

static unsigned char answer[512];

// A message with one question.
static int make_query(unsigned char* message, const char* name) {
  static const unsigned char header[12] = {0x12, 0x34, 1, 0, 0, 1};
  memcpy(message, header, 12);
  int length = 12;
  while (*name) {
    int label = (int)strcspn(name, ".");
    message[length++] = (unsigned char)label;
    memcpy(message + length, name, (size_t)label);
    length += label;
    name += label + (name[label] == '.');
  }
  memcpy(message + length, "\0\0\1\0\1", 5);
  return length + 5;
}

static void plain_result(int result) { report("%d %s", result, h_errno_name(h_errno)); }

static void state_result(int result, const struct __res_state* state) {
  plain_result(result);
  report(" %s", h_errno_name(state->res_h_errno));
}

static void query(void* context) {
  const struct row* row = context;
  plain_result(((query_function*)row->function)(row->name, C_IN, T_A, answer, sizeof answer));
}

static void domain(void* context) {
  const struct row* row = context;
  plain_result(
      ((domain_function*)row->function)(row->name, row->domain, C_IN, T_A, answer, sizeof answer));
}

static void send_query(void* context) {
  const struct row* row = context;
  unsigned char message[512];
  int length = make_query(message, row->name);
  report("%d", ((send_function*)row->function)(message, length, answer, sizeof answer));
}

static void nquery(void* context) {
  const struct row* row = context;
  struct __res_state state = {0};
  res_ninit(&state);
  state_result(
      ((nquery_function*)row->function)(&state, row->name, C_IN, T_A, answer, sizeof answer),
      &state);
}

static void ndomain(void* context) {
  const struct row* row = context;
  struct __res_state state = {0};
  res_ninit(&state);
  state_result(((ndomain_function*)row->function)(&state, row->name, row->domain, C_IN, T_A, answer,
                                                  sizeof answer),
               &state);
}

static void nsend(void* context) {
  const struct row* row = context;
  struct __res_state state = {0};
  unsigned char message[512];
  int length = make_query(message, row->name);
  res_ninit(&state);
  report("%d", ((nsend_function*)row->function)(&state, message, length, answer, sizeof answer));
}

static void rows(const char* function, void (*work)(void*), const char* domain_name) {
  static const char* const asked[] = {"unknown.invalid", "probe-host.test", "localhost",
                                      "1.pool.invalid"};
  static const char* const prefixes[] = {"", "__"};
  for (int i = 0; i < 2; i++) {
    char name[64], situation[128];
    snprintf(name, sizeof name, "%s%s", prefixes[i], function);
    struct row row = {dlsym(RTLD_DEFAULT, name), NULL, domain_name};
    // What only old programs are linked to.
    if (!row.function) row.function = dlvsym(RTLD_DEFAULT, name, "GLIBC_2.2.5");
    if (!row.function) row.function = dlvsym(RTLD_DEFAULT, name, "GLIBC_2.17");
    if (!row.function) continue;
    for (size_t j = 0; j < sizeof asked / sizeof *asked; j++) {
      row.name = asked[j];
      snprintf(situation, sizeof situation, "\"%s\"%s%s", asked[j], domain_name ? " in " : "",
               domain_name ? domain_name : "");
      net_row(name, "", 1, situation, work, &row);
    }
  }
}

static void by_name(void* context) {
  const struct row* row = context;
  const struct hostent* host = ((struct hostent * (*)(const char*)) row->function)(row->name);
  report("%s", host ? host->h_name : h_errno_name(h_errno));
}

static void by_name2(void* context) {
  const struct row* row = context;
  const struct hostent* host =
      ((struct hostent * (*)(const char*, int)) row->function)(row->name, AF_INET);
  report("%s", host ? host->h_name : h_errno_name(h_errno));
}

static void by_address(void* context) {
  const struct row* row = context;
  static const unsigned char far[] = {192, 0, 2, 99};
  const struct hostent* host =
      ((struct hostent * (*)(const void*, socklen_t, int)) row->function)(far, 4, AF_INET);
  report("%s", host ? host->h_name : h_errno_name(h_errno));
}

static void old_row(const char* function, void (*work)(void*)) {
  struct row row = {dlsym(RTLD_DEFAULT, function), "unknown.invalid", NULL};
  if (!row.function) row.function = dlvsym(RTLD_DEFAULT, function, "GLIBC_2.2.5");
  if (!row.function) row.function = dlvsym(RTLD_DEFAULT, function, "GLIBC_2.17");
  if (row.function) net_row(function, "", 1, "unknown", work, &row);
}

static void host_id(void* context) {
  (void)context;
  report("%lx", gethostid());
}

int main(int argc, char** argv) {
  int failed = start_net_probes(argc, argv);
  if (failed) return failed;
  rows("res_query", query, NULL);
  rows("res_search", query, NULL);
  rows("res_querydomain", domain, "probe.invalid");
  rows("res_send", send_query, NULL);
  rows("res_nquery", nquery, NULL);
  rows("res_nsearch", nquery, NULL);
  rows("res_nquerydomain", ndomain, "probe.invalid");
  rows("res_nsend", nsend, NULL);
  dlopen("libresolv.so.2", RTLD_NOW | RTLD_GLOBAL);
  old_row("res_gethostbyname", by_name);
  old_row("res_gethostbyname2", by_name2);
  old_row("res_gethostbyaddr", by_address);
  net_row("gethostid", "", access("/etc/hostid", F_OK) != 0, "no hosts file entry", host_id, NULL);
  return fflush(stdout) == 0 ? 0 : 2;
}
