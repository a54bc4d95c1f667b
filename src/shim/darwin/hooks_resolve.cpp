// Lookups that macOS has besides getaddrinfo(3) and gethostbyname(3), whose bodies are those of
// Linux: hooks_resolve.cpp.
#include <netdb.h>
#include <sys/socket.h>

#include <string_view>

#include "core/address.h"
#include "shim/darwin/undeclared.h"
#include "shim/interpose.h"
#include "shim/judge_name.h"

using namespace hfoffline;
using namespace hfoffline::shim;

namespace {

// True: refused, and reported.
bool refuses_name(const char* operation, const char* name, int family, const char* error_text) {
  if (name == nullptr) return false;
  IpAddress literal;
  if (parse_address(name, &literal)) return false;
  const Lookup lookup = judge_name(name, family);
  if (lookup == Lookup::kRefuse || lookup == Lookup::kAudited)
    report_name(operation, name, lookup, error_text);
  return lookup == Lookup::kRefuse;
}

// True: refused, and reported.
bool refuses_query(const char* operation, const char* name) {
  if (name == nullptr) return false;
  const Lookup lookup = judge_query(name);
  if (lookup == Lookup::kRefuse || lookup == Lookup::kAudited)
    report_name(operation, name, lookup, "HOST_NOT_FOUND");
  return lookup == Lookup::kRefuse;
}

constexpr std::int32_t kNoSuchName = -65538;  // kDNSServiceErr_NoSuchName

}  // namespace

INTERPOSE(struct hostent*, getipnodebyname, (const char* name, int family, int flags, int* error)) {
  if (refuses_name("getipnodebyname", name, family, "HOST_NOT_FOUND")) {
    if (error != nullptr) *error = HOST_NOT_FOUND;
    return nullptr;
  }
  return NEXT(getipnodebyname)(name, family, flags, error);
}

INTERPOSE(struct hostent*, getipnodebyaddr,
          (const void* address, size_t length, int family, int* error)) {
  const bool known = address != nullptr && length >= (family == AF_INET6 ? 16U : 4U) &&
                     (family == AF_INET || family == AF_INET6);
  if (known && judge_reverse(family, address) == Lookup::kRefuse) {
    if (error != nullptr) *error = HOST_NOT_FOUND;
    return nullptr;
  }
  return NEXT(getipnodebyaddr)(address, length, family, error);
}

#define INTERPOSE_QUERY(name)                                                            \
  INTERPOSE(int, name,                                                                   \
            (const char* wanted, int kind, int type, unsigned char* answer, int size)) { \
    if (refuses_query(#name, wanted)) {                                                  \
      set_h_errno(HOST_NOT_FOUND);                                                       \
      return -1;                                                                         \
    }                                                                                    \
    return NEXT(name)(wanted, kind, type, answer, size);                                 \
  }
INTERPOSE_QUERY(res_query)
INTERPOSE_QUERY(res_search)

// What a daemon is asked for, over a Unix socket. It answers for the hosts file, too.
INTERPOSE(std::int32_t, DNSServiceGetAddrInfo,
          (void** service, std::uint32_t flags, std::uint32_t interface, std::uint32_t protocol,
           const char* name, void (*callback)(), void* context)) {
  if (refuses_name("DNSServiceGetAddrInfo", name, AF_UNSPEC, "kDNSServiceErr_NoSuchName"))
    return kNoSuchName;
  return NEXT(DNSServiceGetAddrInfo)(service, flags, interface, protocol, name, callback, context);
}

INTERPOSE(std::int32_t, DNSServiceQueryRecord,
          (void** service, std::uint32_t flags, std::uint32_t interface, const char* name,
           std::uint16_t type, std::uint16_t kind, void (*callback)(), void* context)) {
  if (refuses_name("DNSServiceQueryRecord", name, AF_UNSPEC, "kDNSServiceErr_NoSuchName"))
    return kNoSuchName;
  return NEXT(DNSServiceQueryRecord)(service, flags, interface, name, type, kind, callback,
                                     context);
}
