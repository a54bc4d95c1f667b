// getaddrinfo_a, gai_suspend and gai_error.
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "net_probe.h"
#include "probe.h"

static const char* error_name(int code) {
  return code == EAI_INPROGRESS ? "EAI_INPROGRESS"
         : code == EAI_ALLDONE  ? "EAI_ALLDONE"
                                : eai_name(code);
}

static void report_request(struct gaicb* request) {
  report(" %s", error_name(gai_error(request)));
  if (gai_error(request) != 0) return;
  for (const struct addrinfo* at = request->ar_result; at; at = at->ai_next) {
    report("=");
    if (at->ai_family == AF_INET)
      report_address(AF_INET, &((const struct sockaddr_in*)at->ai_addr)->sin_addr);
    else
      report_address(AF_INET6, &((const struct sockaddr_in6*)at->ai_addr)->sin6_addr);
  }
  freeaddrinfo(request->ar_result);
  // Nobody may look at it again.
  const struct gaicb* list[] = {request};
  request->ar_result = (struct addrinfo*)8;
  if (gai_error(request) != 0 || gai_suspend(list, 1, NULL) != EAI_ALLDONE) report(" changed");
}

static const struct addrinfo stream = {.ai_socktype = SOCK_STREAM};

static void wait_for_one(void* context) {
  struct gaicb request = {.ar_name = context, .ar_request = &stream};
  struct gaicb* list[] = {&request};
  report("%s", error_name(getaddrinfo_a(GAI_WAIT, list, 1, NULL)));
  report_request(&request);
}

static void ask_for_many(int mode, const char* const* names, int count) {
  struct gaicb requests[100];
  struct gaicb* list[100];
  memset(requests, 0, sizeof requests);
  for (int i = 0; i < count; i++) {
    requests[i].ar_name = names[i % 4];
    requests[i].ar_service = "80";
    requests[i].ar_request = &stream;
    list[i] = &requests[i];
  }
  list[count] = NULL;  // is passed over
  report("%s", error_name(getaddrinfo_a(mode, list, count + 1, NULL)));
  for (int i = 0; i < count; i++) {
    const struct gaicb* wait[] = {list[i]};
    while (gai_error(list[i]) == EAI_INPROGRESS) gai_suspend(wait, 1, NULL);
    if (i < 8) report_request(list[i]);
  }
}

static const char* const known[] = {"probe-host.test", "127.1", "::1", "192.0.2.7"};
static const char* const mixed[] = {"probe-host.test", "1.unknown.invalid", "::1", "unknown"};

static void known_at_once(void* context) {
  (void)context;
  ask_for_many(GAI_WAIT, known, 4);
}
static void known_later(void* context) {
  (void)context;
  ask_for_many(GAI_NOWAIT, known, 4);
}
static void mixed_at_once(void* context) {
  (void)context;
  ask_for_many(GAI_WAIT, mixed, 4);
}
static void mixed_later(void* context) {
  (void)context;
  ask_for_many(GAI_NOWAIT, mixed, 4);
}
static void ninety(void* context) {
  (void)context;
  ask_for_many(GAI_WAIT, mixed, 90);
}

static void told_by_signal(void* context) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN + 3);
  sigprocmask(SIG_BLOCK, &set, NULL);
  struct gaicb request = {.ar_name = context, .ar_request = &stream};
  struct gaicb* list[] = {&request};
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3};
  report("%s", error_name(getaddrinfo_a(GAI_NOWAIT, list, 1, &event)));
  struct timespec limit = {10, 0};
  siginfo_t info;
  report(" %s", sigtimedwait(&set, &info, &limit) == SIGRTMIN + 3 ? "told" : "not told");
  report_request(&request);
}

static void cancelled(void* context) {
  struct gaicb request = {.ar_name = context, .ar_request = &stream};
  struct gaicb* list[] = {&request};
  const struct gaicb* wait[] = {&request};
  getaddrinfo_a(GAI_WAIT, list, 1, NULL);
  report("%s %s", error_name(gai_cancel(&request)), error_name(gai_suspend(wait, 1, NULL)));
}

static void bad_mode(void* context) {
  struct gaicb request = {.ar_name = context};
  struct gaicb* list[] = {&request};
  report("%s %s", error_name(getaddrinfo_a(99, list, 1, NULL)), errno_name(errno));
}

int main(int argc, char** argv) {
  int failed = start_net_probes(argc, argv);
  if (failed) return failed;
  for (int i = 0; i < name_count; i++) {
    char situation[256];
    snprintf(situation, sizeof situation, "\"%s\"", names[i].text);
    net_row("getaddrinfo_a", "GAI_WAIT", names[i].is_away, situation, wait_for_one,
            (void*)names[i].text);
  }
  net_row("getaddrinfo_a", "GAI_WAIT", 0, "four known names", known_at_once, NULL);
  net_row("getaddrinfo_a", "GAI_NOWAIT", 0, "four known names", known_later, NULL);
  net_row("getaddrinfo_a", "GAI_WAIT", 1, "known and unknown names", mixed_at_once, NULL);
  net_row("getaddrinfo_a", "GAI_NOWAIT", 1, "known and unknown names", mixed_later, NULL);
  net_row("getaddrinfo_a", "GAI_WAIT", 1, "ninety names", ninety, NULL);
  net_row("getaddrinfo_a", "SIGEV_SIGNAL", 0, "a known name", told_by_signal, "probe-host.test");
  net_row("getaddrinfo_a", "SIGEV_SIGNAL", 1, "an unknown name", told_by_signal, "unknown.invalid");
  net_row("gai_cancel", "", 0, "a known name", cancelled, "probe-host.test");
  net_row("gai_cancel", "", 1, "an unknown name", cancelled, "unknown.invalid");
  net_row("getaddrinfo_a", "an unknown mode", 0, "a known name", bad_mode, "probe-host.test");
  return fflush(stdout) == 0 ? 0 : 2;
}
