#define _GNU_SOURCE
#include "names.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>

#include "probe.h"

const struct name names[] = {
    {"localhost", 0},
    {"LOCALHOST", 0},
    {"localhost.", 1},
    {"127.0.0.1", 0},
    {"192.0.2.9", 0},
    {"127.1", 0},
    {"0x7f.1", 0},
    {"2130706433", 0},
    {"0", 0},
    {"255.255.255.255", 0},
    {"::1", 0},
    {"::", 0},
    {"2001:db8::9", 0},
    {"::ffff:192.0.2.9", 0},
    {"fe80::1%lo", 0},
    {"fe80::1%1", 0},
    {"fe80::1%nosuch", 1},
    {"probe-host.test", 0},
    {"PROBE-HOST.Test", 0},
    {"probe-alias", 0},
    {"probe-away.test", 0},
    {"probe-six.test", 0},
    {"probe-both.test", 0},
    {"unknown.invalid", 1},
    {"unknown", 1},
    {"huggingface.co", 1},
    {"probe-host.test.unknown", 1},
    {"www.localhost", 1},
    {"1.2.3.4.5", 1},
    {"1.2.3.4.", 1},
    {"1.debian.pool.ntp.org", 1},
    {"0x7f.pool.invalid", 1},
    {"08", 1},
    {"077.1", 0},
    {"256.1.1.1", 1},
    {"[::1]", 1},
    {"a..b", 1},
    {".", 1},
    {" localhost", 1},
    {"unk nown", 1},
    {"_service._tcp.unknown", 1},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test",
     1},
};
const int name_count = sizeof names / sizeof *names;

const char* eai_name(int code) {
  switch (code) {
    case 0:
      return "0";
    case EAI_BADFLAGS:
      return "EAI_BADFLAGS";
    case EAI_NONAME:
      return "EAI_NONAME";
    case EAI_AGAIN:
      return "EAI_AGAIN";
    case EAI_FAIL:
      return "EAI_FAIL";
    case EAI_FAMILY:
      return "EAI_FAMILY";
    case EAI_SOCKTYPE:
      return "EAI_SOCKTYPE";
    case EAI_SERVICE:
      return "EAI_SERVICE";
    case EAI_MEMORY:
      return "EAI_MEMORY";
    case EAI_SYSTEM:
      return "EAI_SYSTEM";
    case EAI_OVERFLOW:
      return "EAI_OVERFLOW";
#ifdef EAI_NODATA
    case EAI_NODATA:
      return "EAI_NODATA";
#endif
#ifdef EAI_ADDRFAMILY
    case EAI_ADDRFAMILY:
      return "EAI_ADDRFAMILY";
#endif
    default:
      return "another EAI code";
  }
}

const char* h_errno_name(int code) {
  switch (code) {
    case 0:
      return "0";
    case -1:
      return "NETDB_INTERNAL";
    case HOST_NOT_FOUND:
      return "HOST_NOT_FOUND";
    case TRY_AGAIN:
      return "TRY_AGAIN";
    case NO_RECOVERY:
      return "NO_RECOVERY";
    case NO_DATA:
      return "NO_DATA";
    default:
      return "another h_errno";
  }
}

void report_address(int family, const void* address) {
  char text[64] = "?";
  inet_ntop(family, address, text, sizeof text);
  report("%s", text);
}
