// Name lookups: libc sends its queries from inside, where no hook on connect sees them, so names
// are judged here.
//
// A refused name fails as one that does not exist (EAI_NONAME, HOST_NOT_FOUND) and not as a server
// that cannot be reached: clients retry the latter.
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/text.h"
#include "shim/interpose.h"
#include "shim/judge_name.h"
#include "shim/judge_network.h"
#include "shim/shared_state.h"

using namespace hfoffline;
using namespace hfoffline::shim;

namespace {

void set_h_errno(int value) {
  const auto location = reinterpret_cast<int* (*)()>(find_next("__h_errno_location"));
  if (location != nullptr) *location() = value;
}

// Digits and colons at the start may be a literal, of whatever form libc takes ("127.1", "0x7f.1",
// "fe80::1%eth0").
bool may_be_literal(std::string_view name) {
  return !name.empty() &&
         (is_ascii_digit(name.front()) || find_byte(name, ':') != std::string_view::npos);
}

void learn(const struct addrinfo* result, std::string_view name, bool allowed) {
  for (; result != nullptr; result = result->ai_next) {
    Endpoint endpoint;
    if (endpoint_of(result->ai_addr, result->ai_addrlen, &endpoint))
      learn_address(endpoint.address, name, allowed);
  }
}

int loopback_answer(const char* service, const struct addrinfo* hints, struct addrinfo** result) {
  struct addrinfo numeric = {};
  if (hints != nullptr) numeric = *hints;
  numeric.ai_flags = (numeric.ai_flags | AI_NUMERICHOST) & ~(AI_CANONNAME | AI_ADDRCONFIG);
  return NEXT(getaddrinfo)(numeric.ai_family == AF_INET6 ? "::1" : "127.0.0.1", service, &numeric,
                           result);
}

}  // namespace

namespace {

// Hints or a service that libc refuses are refused with its own error, before the name is thought
// of.
int error_without_name(const char* service, const struct addrinfo* hints) {
  constexpr int kUsualFlags =
      AI_PASSIVE | AI_CANONNAME | AI_ADDRCONFIG | AI_V4MAPPED | AI_ALL | AI_NUMERICSERV;
  const int family = hints != nullptr ? hints->ai_family : AF_UNSPEC;
  const bool usual = (family == AF_UNSPEC || family == AF_INET || family == AF_INET6) &&
                     (hints == nullptr || (hints->ai_flags & ~kUsualFlags) == 0);
  if (usual && (service == nullptr || is_ascii_digit(service[0]))) return 0;
  struct addrinfo* result = nullptr;
  const int answer = loopback_answer(service, hints, &result);
  const auto free_result = reinterpret_cast<void (*)(struct addrinfo*)>(find_next("freeaddrinfo"));
  if (answer == 0 && free_result != nullptr) free_result(result);
  return answer;
}

}  // namespace

INTERPOSE(int, getaddrinfo,
          (const char* node, const char* service, const struct addrinfo* hints,
           struct addrinfo** result)) {
  const int family = hints != nullptr ? hints->ai_family : AF_UNSPEC;
  const bool numeric_only = hints != nullptr && (hints->ai_flags & AI_NUMERICHOST) != 0;
  if (node == nullptr || node[0] == '\0' || numeric_only)
    return NEXT(getaddrinfo)(node, service, hints, result);
  if (may_be_literal(node)) {
    struct addrinfo numeric = {};
    if (hints != nullptr) numeric = *hints;
    // Without hints libc uses these two flags (getaddrinfo(3)).
    if (hints == nullptr) numeric.ai_flags = AI_V4MAPPED | AI_ADDRCONFIG;
    numeric.ai_flags |= AI_NUMERICHOST;
    const int answer = NEXT(getaddrinfo)(node, service, &numeric, result);
    if (answer != EAI_NONAME) return answer;
  }
  const Lookup lookup = judge_name(node, family);
  if (lookup == Lookup::kRefuse) {
    if (const int error = error_without_name(service, hints)) return error;
  }
  switch (lookup) {
    case Lookup::kPass:
      break;
    case Lookup::kLocalhost:
      return loopback_answer(service, hints, result);
    case Lookup::kRefuse:
      report_name("getaddrinfo", node, lookup, "EAI_NONAME");
      return EAI_NONAME;
    case Lookup::kAudited:
      report_name("getaddrinfo", node, lookup, {});
      [[fallthrough]];
    case Lookup::kAllowed: {
      const int answer = NEXT(getaddrinfo)(node, service, hints, result);
      if (answer == 0) learn(*result, node, lookup == Lookup::kAllowed);
      return answer;
    }
  }
  return NEXT(getaddrinfo)(node, service, hints, result);
}

// libc looks the names up in threads of its own. One refused name refuses the call: libc offers no
// way to fail a single one.
INTERPOSE(int, getaddrinfo_a, (int mode, struct gaicb** list, int count, struct sigevent* event)) {
  for (int i = 0; list != nullptr && i < count; ++i) {
    if (list[i] == nullptr || list[i]->ar_name == nullptr || may_be_literal(list[i]->ar_name))
      continue;
    const int family = list[i]->ar_request != nullptr ? list[i]->ar_request->ai_family : AF_UNSPEC;
    const Lookup lookup = judge_name(list[i]->ar_name, family);
    if (lookup == Lookup::kPass || lookup == Lookup::kAllowed) continue;
    report_name("getaddrinfo_a", list[i]->ar_name, lookup, "EAI_NONAME");
    if (lookup != Lookup::kAudited) return EAI_NONAME;
  }
  return NEXT(getaddrinfo_a)(mode, list, count, event);
}

INTERPOSE(int, getnameinfo,
          (const struct sockaddr* address, socklen_t length, char* host, socklen_t host_size,
           char* service, socklen_t service_size, int flags)) {
  Endpoint endpoint;
  const bool asks_name = host != nullptr && host_size != 0 && (flags & NI_NUMERICHOST) == 0 &&
                         address != nullptr && endpoint_of(address, length, &endpoint);
  if (asks_name) {
    const bool v4 = address->sa_family == AF_INET;
    const Lookup lookup = judge_reverse(v4 ? AF_INET : AF_INET6,
                                        v4 ? endpoint.address.bytes + 12 : endpoint.address.bytes);
    if (lookup != Lookup::kPass) {
      char text[64];
      Appender name(text);
      append_address(endpoint.address, name);
      // Without NI_NAMEREQD the address itself is an answer, and nothing was refused but the query.
      if ((flags & NI_NAMEREQD) != 0 || lookup == Lookup::kAudited) {
        report_name("getnameinfo", name.view(), lookup, "EAI_NONAME");
      }
      if (lookup == Lookup::kRefuse) {
        if ((flags & NI_NAMEREQD) != 0) return EAI_NONAME;
        flags |= NI_NUMERICHOST;
      }
    }
  }
  return NEXT(getnameinfo)(address, length, host, host_size, service, service_size, flags);
}

namespace {

// What gethostbyname takes for an address, without asking anybody: digits and dots, or IPv6 text.
bool is_host_literal(std::string_view name) {
  IpAddress address;
  if (parse_address(name, &address)) return true;
  for (const char c : name) {
    if (!is_ascii_digit(c) && c != '.') return false;
  }
  return !name.empty() && name.back() != '.';
}

// What all gethostbyname functions share: the name to go on with, or null if the lookup is refused.
const char* judged_name(const char* operation, const char* name, int family) {
  if (name == nullptr || is_host_literal(name)) return name;
  const Lookup lookup = judge_name(name, family);
  if (lookup == Lookup::kLocalhost) return family == AF_INET6 ? "::1" : "127.0.0.1";
  if (lookup == Lookup::kRefuse || lookup == Lookup::kAudited) {
    report_name(operation, name, lookup, "HOST_NOT_FOUND");
    if (lookup == Lookup::kRefuse) return nullptr;
  }
  return name;
}

void learn_host(const struct hostent* host, const char* name) {
  if (host == nullptr || name == nullptr) return;
  const bool allowed = judge_name(name, AF_UNSPEC) == Lookup::kAllowed;
  for (char** address = host->h_addr_list; *address != nullptr; ++address) {
    learn_address(
        host->h_addrtype == AF_INET6 ? address_from_v6(*address) : address_from_v4(*address), name,
        allowed);
  }
}

bool needs_learning(const char* name) {
  return name != nullptr && !is_host_literal(name) && judge_name(name, AF_UNSPEC) != Lookup::kPass;
}

bool reverse_is_refused(const char* operation, const void* address, socklen_t length, int family) {
  if (address == nullptr || length < (family == AF_INET6 ? 16U : 4U)) return false;
  const Lookup lookup = judge_reverse(family, address);
  if (lookup == Lookup::kPass) return false;
  char text[64];
  Appender name(text);
  append_address(family == AF_INET6 ? address_from_v6(address) : address_from_v4(address), name);
  report_name(operation, name.view(), lookup, "HOST_NOT_FOUND");
  return lookup == Lookup::kRefuse;
}

struct hostent* no_host() {
  set_h_errno(HOST_NOT_FOUND);
  return nullptr;
}

// As glibc's reentrant functions tell a host that does not exist: no failure, and no result.
int no_host_r(struct hostent** result, int* error) {
  if (result != nullptr) *result = nullptr;
  if (error != nullptr) *error = HOST_NOT_FOUND;
  return 0;
}

}  // namespace

INTERPOSE(struct hostent*, gethostbyname, (const char* name)) {
  const char* judged = judged_name("gethostbyname", name, AF_INET);
  if (judged == nullptr && name != nullptr) return no_host();
  struct hostent* host = NEXT(gethostbyname)(judged);
  if (needs_learning(name)) learn_host(host, name);
  return host;
}

INTERPOSE(struct hostent*, gethostbyname2, (const char* name, int family)) {
  const char* judged = judged_name("gethostbyname2", name, family);
  if (judged == nullptr && name != nullptr) return no_host();
  struct hostent* host = NEXT(gethostbyname2)(judged, family);
  if (needs_learning(name)) learn_host(host, name);
  return host;
}

INTERPOSE(int, gethostbyname_r,
          (const char* name, struct hostent* host, char* buffer, size_t size,
           struct hostent** result, int* error)) {
  const char* judged = judged_name("gethostbyname_r", name, AF_INET);
  if (judged == nullptr && name != nullptr) return no_host_r(result, error);
  const int answer = NEXT(gethostbyname_r)(judged, host, buffer, size, result, error);
  if (answer == 0 && needs_learning(name)) learn_host(*result, name);
  return answer;
}

INTERPOSE(int, gethostbyname2_r,
          (const char* name, int family, struct hostent* host, char* buffer, size_t size,
           struct hostent** result, int* error)) {
  const char* judged = judged_name("gethostbyname2_r", name, family);
  if (judged == nullptr && name != nullptr) return no_host_r(result, error);
  const int answer = NEXT(gethostbyname2_r)(judged, family, host, buffer, size, result, error);
  if (answer == 0 && needs_learning(name)) learn_host(*result, name);
  return answer;
}

INTERPOSE(struct hostent*, gethostbyaddr, (const void* address, socklen_t length, int family)) {
  if (reverse_is_refused("gethostbyaddr", address, length, family)) return no_host();
  return NEXT(gethostbyaddr)(address, length, family);
}

INTERPOSE(int, gethostbyaddr_r,
          (const void* address, socklen_t length, int family, struct hostent* host, char* buffer,
           size_t size, struct hostent** result, int* error)) {
  if (reverse_is_refused("gethostbyaddr_r", address, length, family))
    return no_host_r(result, error);
  return NEXT(gethostbyaddr_r)(address, length, family, host, buffer, size, result, error);
}
