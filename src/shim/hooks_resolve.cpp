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
#include <unistd.h>

#include "core/sys.h"
#include "core/text.h"
#include "shim/interpose.h"
#include "shim/judge_name.h"
#include "shim/judge_network.h"
#include "shim/mapping.h"
#include "shim/resolve.h"
#include "shim/shared_state.h"
#include "shim/undeclared.h"

using namespace hfoffline;
using namespace hfoffline::shim;

namespace {

// Digits and colons at the start may be a literal, of whatever form libc takes ("127.1", "0x7f.1",
// "fe80::1%eth0").
bool may_be_literal(std::string_view name) {
  return !name.empty() &&
         (is_ascii_digit(name.front()) || find_byte(name, ':') != std::string_view::npos);
}

bool is_own(Lookup lookup) { return lookup == Lookup::kLocalhost || lookup == Lookup::kOwnName; }

// What nss-myhostname(8) answers for both where no address is configured.
const char* own_address(Lookup lookup, int family) {
  if (family == AF_INET6) return "::1";
  return lookup == Lookup::kOwnName ? "127.0.0.2" : "127.0.0.1";
}

const char* official_name(Lookup lookup) {
  return lookup == Lookup::kOwnName ? own_host_name() : "localhost";
}

void learn(const struct addrinfo* result, std::string_view name) {
  IpAddress literal;
  if (parse_address(name, &literal)) return;
  for (; result != nullptr; result = result->ai_next) {
    Endpoint endpoint;
    if (endpoint_of(result->ai_addr, result->ai_addrlen, &endpoint))
      learn_address(endpoint.address, name);
  }
}

// libc makes the list, so that services, types and protocols are as for any other name.
int own_answer(Lookup lookup, const char* service, const struct addrinfo* hints,
               struct addrinfo** result) {
  struct addrinfo numeric = {};
  if (hints != nullptr) numeric = *hints;
  const bool wants_name = (numeric.ai_flags & AI_CANONNAME) != 0;
  numeric.ai_flags = (numeric.ai_flags | AI_NUMERICHOST) & ~AI_CANONNAME;
  int answer = NEXT(getaddrinfo)(own_address(lookup, numeric.ai_family), service, &numeric, result);
  // AI_ADDRCONFIG on a machine with IPv6 alone.
  if (answer != 0 && numeric.ai_family == AF_UNSPEC)
    answer = NEXT(getaddrinfo)(own_address(lookup, AF_INET6), service, &numeric, result);
  if (answer != 0 || !wants_name) return answer;
  // glibc frees it with the list; musl keeps its own in the list's memory.
  const auto copy = reinterpret_cast<char* (*)(const char*)>(find_next("strdup"));
  (*result)->ai_canonname = copy != nullptr ? copy(official_name(lookup)) : nullptr;
  if ((*result)->ai_canonname != nullptr) return 0;
  free_answer(*result);
  return EAI_MEMORY;
}

// Hints or a service that libc refuses are refused with its own error, before the name is thought
// of.
int error_without_name(const char* service, const struct addrinfo* hints) {
  constexpr int kUsualFlags =
      AI_PASSIVE | AI_CANONNAME | AI_ADDRCONFIG | AI_V4MAPPED | AI_ALL | AI_NUMERICSERV;
  const int family = hints != nullptr ? hints->ai_family : AF_UNSPEC;
  const bool usual =
      (family == AF_UNSPEC || family == AF_INET || family == AF_INET6) &&
      (hints == nullptr || ((hints->ai_flags & ~kUsualFlags) == 0 &&
                            hints->ai_socktype <= SOCK_DGRAM && hints->ai_protocol == 0));
  if (usual && (service == nullptr || is_ascii_digit(service[0]))) return 0;
  struct addrinfo* result = nullptr;
  const int answer = own_answer(Lookup::kLocalhost, service, hints, &result);
  if (answer == 0) free_answer(result);
  return answer;
}

// Of which family an entry of the hosts file must be.
int family_of(const struct addrinfo* hints) {
  if (hints == nullptr) return AF_UNSPEC;
  // IPv4 addresses will do, too.
  if (hints->ai_family == AF_INET6 && (hints->ai_flags & AI_V4MAPPED) != 0) return AF_UNSPEC;
  return hints->ai_family;
}

// What glibc takes for no name at all. To musl it is a name, and a name server is asked for it.
bool is_no_name(const char* node) { return node[0] == '*' && node[1] == '\0' && libc_is_glibc(); }

// No name, or one that may only be an address.
bool asks_nobody(const char* node, const struct addrinfo* hints) {
  return node == nullptr || node[0] == '\0' || is_no_name(node) ||
         (hints != nullptr && (hints->ai_flags & AI_NUMERICHOST) != 0);
}

}  // namespace

namespace hfoffline::shim {

void free_answer(struct addrinfo* result) {
  const auto free_result = reinterpret_cast<void (*)(struct addrinfo*)>(find_next("freeaddrinfo"));
  if (result != nullptr && free_result != nullptr) free_result(result);
}

int resolve(const char* operation, const char* node, const char* service,
            const struct addrinfo* hints, struct addrinfo** result) {
  if (asks_nobody(node, hints)) return NEXT(getaddrinfo)(node, service, hints, result);
  if (may_be_literal(node)) {
    struct addrinfo numeric = {};
    if (hints != nullptr) numeric = *hints;
    // Without hints libc uses these two flags (getaddrinfo(3)).
    if (hints == nullptr) numeric.ai_flags = AI_V4MAPPED | AI_ADDRCONFIG;
    numeric.ai_flags |= AI_NUMERICHOST;
    const int answer = NEXT(getaddrinfo)(node, service, &numeric, result);
    if (answer != EAI_NONAME) return answer;
  }
  const Lookup lookup = judge_name(node, family_of(hints));
  if (lookup == Lookup::kRefuse) {
    if (const int error = error_without_name(service, hints)) return error;
  }
  if (lookup == Lookup::kRefuse) {
    report_name(operation, node, lookup, "EAI_NONAME");
    return EAI_NONAME;
  }
  if (is_own(lookup)) return own_answer(lookup, service, hints, result);
  if (is_reported(lookup)) report_name(operation, node, lookup, {});
  const int answer = NEXT(getaddrinfo)(node, service, hints, result);
  if (answer == 0) learn(*result, node);
  return answer;
}

}  // namespace hfoffline::shim

INTERPOSE(int, getaddrinfo,
          (const char* node, const char* service, const struct addrinfo* hints,
           struct addrinfo** result)) {
  return resolve("getaddrinfo", node, service, hints, result);
}

#if !defined(__APPLE__)
namespace {

bool is_literal(const char* name) {
  if (!may_be_literal(name)) return false;
  struct addrinfo numeric = {};
  numeric.ai_flags = AI_NUMERICHOST;
  struct addrinfo* result = nullptr;
  const int answer = NEXT(getaddrinfo)(name, nullptr, &numeric, &result);
  if (answer == 0) free_answer(result);
  return answer == 0;
}

bool is_left_to_libc(const struct gaicb& request) {
  if (asks_nobody(request.ar_name, request.ar_request) || is_literal(request.ar_name)) return true;
  const Lookup lookup = judge_name(request.ar_name, family_of(request.ar_request));
  if (is_reported(lookup)) report_name("getaddrinfo_a", request.ar_name, lookup, {});
  return lookup != Lookup::kRefuse && !is_own(lookup);
}

// In a part of a request that glibc keeps and does not use: its answer is still to be learned from.
constexpr int kToBeLearned = 0x68666f66;

// Once it is done, and only once: the program may have freed the answer afterwards. Programs wait
// with gai_suspend() or ask gai_error() before they use one.
void learn_request(const struct gaicb* waited_for) {
  auto* request = const_cast<struct gaicb*>(waited_for);
  if (request == nullptr || __atomic_load_n(&request->__return, __ATOMIC_ACQUIRE) != 0) return;
  int expected = kToBeLearned;
  if (__atomic_compare_exchange_n(&request->__glibc_reserved[0], &expected, 0, false,
                                  __ATOMIC_RELAXED, __ATOMIC_RELAXED) &&
      request->ar_name != nullptr) {
    learn(request->ar_result, request->ar_name);
  }
}

}  // namespace

// libc looks the names up in threads of its own. What it must not look up is answered here at once,
// as if it had been quick, and is not in the list that libc gets.
INTERPOSE(int, getaddrinfo_a, (int mode, struct gaicb** list, int count, struct sigevent* event)) {
  if ((mode != GAI_WAIT && mode != GAI_NOWAIT) || list == nullptr || count <= 0)
    return NEXT(getaddrinfo_a)(mode, list, count, event);
  constexpr int kFew = 32;
  struct gaicb* few[kFew];
  const Mapping many(count > kFew ? static_cast<std::size_t>(count) * sizeof(void*) : 0);
  auto** left = count > kFew ? static_cast<struct gaicb**>(many.get()) : few;
  if (left == nullptr) {
    errno = ENOMEM;
    return EAI_SYSTEM;
  }
  for (int i = 0; i < count; ++i) {
    struct gaicb* request = list[i];
    left[i] = request == nullptr || is_left_to_libc(*request) ? request : nullptr;
    if (request == nullptr) continue;
    request->__glibc_reserved[0] = left[i] == nullptr ? 0 : kToBeLearned;
    if (left[i] != nullptr) continue;
    request->__return = resolve("getaddrinfo_a", request->ar_name, request->ar_service,
                                request->ar_request, &request->ar_result);
  }
  const int answer = NEXT(getaddrinfo_a)(mode, left, count, event);
  if (mode == GAI_WAIT) {
    for (int i = 0; i < count; ++i) learn_request(left[i]);
  }
  return answer;
}

INTERPOSE(int, gai_error, (struct gaicb * request)) {
  const int answer = NEXT(gai_error)(request);
  if (answer == 0) learn_request(request);
  return answer;
}

INTERPOSE(int, gai_suspend,
          (const struct gaicb* const list[], int count, const struct timespec* timeout)) {
  const int answer = NEXT(gai_suspend)(list, count, timeout);
  for (int i = 0; list != nullptr && i < count; ++i) learn_request(list[i]);
  return answer;
}
#endif

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
      if (((flags & NI_NAMEREQD) != 0 || lookup == Lookup::kAudited) &&
          !is_loopback_or_unspecified(endpoint.address)) {
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

// What every libc's gethostbyname takes for an address without asking anybody: inet_aton(3)'s
// decimal and octal forms, or IPv6 text.
bool is_host_literal(std::string_view name) {
  IpAddress address;
  if (find_byte(name, ':') != std::string_view::npos) return parse_address(name, &address);
  for (int parts = 1;; ++parts) {
    std::size_t digits = 0;
    while (digits < name.size() && is_ascii_digit(name[digits])) ++digits;
    const bool last = digits == name.size();
    const unsigned base = digits > 1 && name[0] == '0' ? 8 : 10;
    // The last part fills the bytes that are left.
    const std::uint64_t maximum = last ? 0xffffffffULL >> 8 * (parts - 1) : 255;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const auto digit = static_cast<unsigned>(name[i] - '0');
      value = value * base + digit;
      if (digit >= base || value > maximum) return false;
    }
    if (digits == 0) return false;
    if (last) return true;
    if (name[digits] != '.' || parts == 4) return false;
    name.remove_prefix(digits + 1);
  }
}

// What all gethostbyname functions share: how to go on with a name.
struct Judged {
  const char* name;  // to be asked for; null: refused
  Lookup lookup;
};

Judged judged_name(const char* operation, const char* name, int family) {
  if (name == nullptr || is_host_literal(name)) return {name, Lookup::kPass};
  const Lookup lookup = judge_name(name, family);
  if (is_own(lookup)) return {own_address(lookup, family), lookup};
  if (lookup == Lookup::kRefuse || is_reported(lookup)) {
    report_name(operation, name, lookup, "HOST_NOT_FOUND");
  }
  return {lookup == Lookup::kRefuse ? nullptr : name, lookup};
}

void finish_host(struct hostent* host, const char* name, Lookup lookup) {
  if (host == nullptr || name == nullptr) return;
  if (is_own(lookup)) {
    host->h_name = const_cast<char*>(official_name(lookup));
    return;
  }
  if (is_host_literal(name)) return;
  for (char** address = host->h_addr_list; *address != nullptr; ++address) {
    learn_address(
        host->h_addrtype == AF_INET6 ? address_from_v6(*address) : address_from_v4(*address), name);
  }
}

bool reverse_is_refused(const char* operation, const void* address, socklen_t length, int family) {
  if (address == nullptr || length < (family == AF_INET6 ? 16U : 4U)) return false;
  const Lookup lookup = judge_reverse(family, address);
  if (lookup == Lookup::kPass) return false;
  const IpAddress wanted = family == AF_INET6 ? address_from_v6(address) : address_from_v4(address);
  if (is_loopback_or_unspecified(wanted)) return true;
  char text[64];
  Appender name(text);
  append_address(wanted, name);
  report_name(operation, name.view(), lookup, "HOST_NOT_FOUND");
  return lookup == Lookup::kRefuse;
}

struct hostent* no_host() {
  set_h_errno(HOST_NOT_FOUND);
  return nullptr;
}

#if !defined(__APPLE__)
// As glibc's reentrant functions tell a host that does not exist: no failure, and no result.
int no_host_r(struct hostent** result, int* error) {
  if (result != nullptr) *result = nullptr;
  if (error != nullptr) *error = HOST_NOT_FOUND;
  set_h_errno(HOST_NOT_FOUND);  // as a side effect, and CPython asks for it
  return 0;
}
#endif

}  // namespace

INTERPOSE(struct hostent*, gethostbyname, (const char* name)) {
  const Judged judged = judged_name("gethostbyname", name, AF_INET);
  if (judged.name == nullptr && name != nullptr) return no_host();
  struct hostent* host = NEXT(gethostbyname)(judged.name);
  finish_host(host, name, judged.lookup);
  return host;
}

INTERPOSE(struct hostent*, gethostbyname2, (const char* name, int family)) {
  const Judged judged = judged_name("gethostbyname2", name, family);
  if (judged.name == nullptr && name != nullptr) return no_host();
  struct hostent* host = NEXT(gethostbyname2)(judged.name, family);
  finish_host(host, name, judged.lookup);
  return host;
}

#if !defined(__APPLE__)
INTERPOSE(int, gethostbyname_r,
          (const char* name, struct hostent* host, char* buffer, size_t size,
           struct hostent** result, int* error)) {
  const Judged judged = judged_name("gethostbyname_r", name, AF_INET);
  if (judged.name == nullptr && name != nullptr) return no_host_r(result, error);
  const int answer = NEXT(gethostbyname_r)(judged.name, host, buffer, size, result, error);
  if (answer == 0) finish_host(*result, name, judged.lookup);
  return answer;
}

INTERPOSE(int, gethostbyname2_r,
          (const char* name, int family, struct hostent* host, char* buffer, size_t size,
           struct hostent** result, int* error)) {
  const Judged judged = judged_name("gethostbyname2_r", name, family);
  if (judged.name == nullptr && name != nullptr) return no_host_r(result, error);
  const int answer = NEXT(gethostbyname2_r)(judged.name, family, host, buffer, size, result, error);
  if (answer == 0) finish_host(*result, name, judged.lookup);
  return answer;
}
#endif

INTERPOSE(struct hostent*, gethostbyaddr, (const void* address, socklen_t length, int family)) {
  if (reverse_is_refused("gethostbyaddr", address, length, family)) return no_host();
  return NEXT(gethostbyaddr)(address, length, family);
}

#if !defined(__APPLE__)
INTERPOSE(int, gethostbyaddr_r,
          (const void* address, socklen_t length, int family, struct hostent* host, char* buffer,
           size_t size, struct hostent** result, int* error)) {
  if (reverse_is_refused("gethostbyaddr_r", address, length, family))
    return no_host_r(result, error);
  return NEXT(gethostbyaddr_r)(address, length, family, host, buffer, size, result, error);
}

// What libresolv still has for programs of its first days.
INTERPOSE(struct hostent*, res_gethostbyname, (const char* name)) {
  return hook_gethostbyname(name);
}

INTERPOSE(struct hostent*, res_gethostbyname2, (const char* name, int family)) {
  return hook_gethostbyname2(name, family);
}

INTERPOSE(struct hostent*, res_gethostbyaddr, (const void* address, socklen_t length, int family)) {
  return hook_gethostbyaddr(address, length, family);
}

// glibc makes a number of the machine's address, which it looks up unless a file has the number.
INTERPOSE(long, gethostid, ()) {
  const char* name = own_host_name();
  sys::Stat status;
  if (sys::stat("/etc/hostid", &status) == 0 || is_host_literal(name)) return NEXT(gethostid)();
  const Lookup lookup = judge_name(name, AF_INET);
  if (lookup == Lookup::kRefuse || is_reported(lookup))
    report_name("gethostid", name, lookup, "HOST_NOT_FOUND");
  // What it says without an address.
  return lookup == Lookup::kRefuse || is_own(lookup) ? 0 : NEXT(gethostid)();
}
#endif
