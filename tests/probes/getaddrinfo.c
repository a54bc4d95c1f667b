// getaddrinfo and getnameinfo.
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "net_probe.h"
#include "probe.h"

struct row {
  const char* node;
  const char* service;
  const struct addrinfo* hints;
};

static void call(void* context) {
  const struct row* row = context;
  struct addrinfo* found = NULL;
  int code = getaddrinfo(row->node, row->service, row->hints, &found);
  report("%s", eai_name(code));
  if (code == EAI_SYSTEM) report(" errno=%s", errno_name(errno));
  if (code != 0) return;
  for (const struct addrinfo* at = found; at; at = at->ai_next) {
    const struct sockaddr_in* four = (const struct sockaddr_in*)at->ai_addr;
    const struct sockaddr_in6* six = (const struct sockaddr_in6*)at->ai_addr;
    report(" %d/%d:", at->ai_socktype, at->ai_protocol);
    if (at->ai_family == AF_INET)
      report_address(AF_INET, &four->sin_addr);
    else
      report_address(AF_INET6, &six->sin6_addr);
    if (at->ai_family == AF_INET6 && six->sin6_scope_id) report("%%%u", six->sin6_scope_id);
    report("#%d", ntohs(four->sin_port));
    if (at->ai_canonname) report(" canonical=%s", at->ai_canonname);
  }
  freeaddrinfo(found);
}

static void row(const char* variant, int is_away, const char* node, const char* service,
                const struct addrinfo* hints) {
  char name[256];
  struct row row = {node, service, hints};
  snprintf(name, sizeof name, "%s%s%s%s", node ? "\"" : "", node ? node : "no name",
           node ? "\"" : "", service ? " with a service" : "");
  if (service) snprintf(name + strlen(name), sizeof name - strlen(name), " %s", service);
  net_row("getaddrinfo", variant, is_away, name, call, &row);
}

struct reverse {
  struct sockaddr_storage address;
  socklen_t length;
  int flags;
};

static void reverse_call(void* context) {
  const struct reverse* reverse = context;
  char host[NI_MAXHOST] = "", service[NI_MAXSERV] = "";
  int code = getnameinfo((const struct sockaddr*)&reverse->address, reverse->length, host,
                         sizeof host, service, sizeof service, reverse->flags | NI_NUMERICSERV);
  report("%s", eai_name(code));
  if (code == 0) report(" %s %s", host, service);
}

static void reverse(const char* variant, int is_away, const char* text, int flags) {
  struct reverse reverse = {{0}, 0, flags};
  reverse.length = make_address(&reverse.address, text, 80, 0);
  net_row("getnameinfo", variant, is_away, text, reverse_call, &reverse);
}

int main(int argc, char** argv) {
  int failed = start_net_probes(argc, argv);
  if (failed) return failed;
  static const struct addrinfo stream = {.ai_socktype = SOCK_STREAM};
  static const struct addrinfo stream4 = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
  static const struct addrinfo stream6 = {.ai_family = AF_INET6, .ai_socktype = SOCK_STREAM};
  static const struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
  static const struct addrinfo canonical = {.ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM};
  static const struct addrinfo passive = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
  static const struct addrinfo configured = {.ai_flags = AI_ADDRCONFIG | AI_V4MAPPED,
                                             .ai_socktype = SOCK_STREAM};
  static const struct addrinfo mapped = {
      .ai_flags = AI_V4MAPPED | AI_ALL, .ai_family = AF_INET6, .ai_socktype = SOCK_STREAM};
  static const struct addrinfo number = {.ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
  static const struct addrinfo bad_flags = {.ai_flags = 0x40000000};
  static const struct addrinfo bad_family = {.ai_family = 99};
  static const struct addrinfo bad_type = {.ai_socktype = 99};

  for (int i = 0; i < name_count; i++) {
    row("stream", names[i].is_away, names[i].text, NULL, &stream);
    row("no hints", names[i].is_away, names[i].text, NULL, NULL);
  }
  static const char* const few[] = {"localhost", "127.0.0.1",       "::1",
                                    "192.0.2.9", "probe-host.test", "probe-six.test"};
  for (size_t i = 0; i < sizeof few / sizeof *few; i++) {
    // A name that the hosts file knows in the other family only is looked up further.
    row("IPv4", strcmp(few[i], "probe-six.test") == 0, few[i], NULL, &stream4);
    row("IPv6", strcmp(few[i], "probe-host.test") == 0, few[i], NULL, &stream6);
    row("AI_NUMERICHOST", 0, few[i], NULL, &numeric);
    row("AI_CANONNAME", 0, few[i], NULL, &canonical);
    row("AI_ADDRCONFIG", 0, few[i], NULL, &configured);
    row("AI_V4MAPPED", 0, few[i], NULL, &mapped);
    row("stream", 0, few[i], "80", &stream);
    row("stream", 0, few[i], "nosuchservice", &stream);
    row("AI_NUMERICSERV", 0, few[i], "http", &number);
    row("an unknown flag", 0, few[i], NULL, &bad_flags);
    row("an unknown family", 0, few[i], NULL, &bad_family);
    row("an unknown socket type", 0, few[i], NULL, &bad_type);
  }
  row("AI_NUMERICHOST", 0, "unknown.invalid", NULL, &numeric);
  row("AI_CANONNAME", 1, "unknown.invalid", NULL, &canonical);
  row("AI_ADDRCONFIG", 1, "unknown.invalid", NULL, &configured);
  row("IPv4", 1, "unknown.invalid", NULL, &stream4);
  row("IPv6", 1, "unknown.invalid", NULL, &stream6);
  row("stream", 1, "unknown.invalid", "80", &stream);
  row("no hints", 1, "unknown.invalid", "80", NULL);
  row("stream", 0, "unknown.invalid", "nosuchservice", &stream);
  row("an unknown flag", 0, "unknown.invalid", NULL, &bad_flags);
  row("an unknown family", 0, "unknown.invalid", NULL, &bad_family);
  row("an unknown socket type", 0, "unknown.invalid", NULL, &bad_type);
  row("stream", 0, NULL, "80", &stream);
  row("AI_PASSIVE", 0, NULL, "80", &passive);
  row("no hints", 0, NULL, "80", NULL);
  row("no hints", 0, NULL, NULL, NULL);
#ifdef __GLIBC__
  /* No name at all, like NULL; to musl it is one that it asks a name server for. */
  row("no hints", 0, "*", "80", NULL);
  row("stream", 0, "*", "80", &stream);
  row("stream", 0, "*", NULL, &stream);
  row("AI_PASSIVE", 0, "*", "80", &passive);
  row("AI_CANONNAME", 0, "*", "80", &canonical);
#endif

  static const int flags[] = {0, NI_NUMERICHOST, NI_NAMEREQD};
  static const char* const variants[] = {"", "NI_NUMERICHOST", "NI_NAMEREQD"};
  for (int i = 0; i < 3; i++) {
    reverse(variants[i], 0, "127.0.0.1", flags[i]);
    reverse(variants[i], 0, "127.0.0.7", flags[i]);
    reverse(variants[i], 0, "192.0.2.7", flags[i]);
    reverse(variants[i], 0, "::1", flags[i]);
    reverse(variants[i], flags[i] != NI_NUMERICHOST, "192.0.2.99", flags[i]);
    reverse(variants[i], flags[i] != NI_NUMERICHOST, "127.0.0.99", flags[i]);
    reverse(variants[i], flags[i] != NI_NUMERICHOST, "2001:db8::99", flags[i]);
  }
  return fflush(stdout) == 0 ? 0 : 2;
}
