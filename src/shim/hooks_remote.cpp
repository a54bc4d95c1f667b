// What libc looks up or connects to inside, for the tools of old: names of networks, and commands
// on other machines.
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
#include "shim/networks_file.h"
#include "shim/policy_source.h"
#include "shim/resolve.h"

using namespace hfoffline;
using namespace hfoffline::shim;

namespace {

// Whether the lookup is refused; reported.
bool network_is_refused(const char* operation, std::string_view name) {
  const Lookup lookup = judge_query(name);
  if (lookup == Lookup::kAllowed) return false;
  report_name(operation, name, lookup, "HOST_NOT_FOUND");
  return lookup == Lookup::kRefuse;
}

bool name_is_refused(const char* operation, const char* name) {
  return name != nullptr && networks_ask_name_servers() && !networks_file_has_name(name) &&
         network_is_refused(operation, name);
}

bool number_is_refused(const char* operation, std::uint32_t number) {
  if (!networks_ask_name_servers() || networks_file_has_number(number)) return false;
  const std::uint32_t bytes = htonl(number);
  char text[64];
  Appender name(text);
  append_address(address_from_v4(&bytes), name);
  return network_is_refused(operation, name.view());
}

struct netent* no_network() {
  set_h_errno(HOST_NOT_FOUND);
  return nullptr;
}

// As glibc's reentrant functions tell that there is none: no failure, and no result.
int no_network_r(struct netent** result, int* error) {
  if (result != nullptr) *result = nullptr;
  if (error != nullptr) *error = HOST_NOT_FOUND;
  return 0;
}

}  // namespace

INTERPOSE(struct netent*, getnetbyname, (const char* name)) {
  return name_is_refused("getnetbyname", name) ? no_network() : NEXT(getnetbyname)(name);
}

INTERPOSE(int, getnetbyname_r,
          (const char* name, struct netent* network, char* buffer, size_t size,
           struct netent** result, int* error)) {
  if (name_is_refused("getnetbyname_r", name)) return no_network_r(result, error);
  return NEXT(getnetbyname_r)(name, network, buffer, size, result, error);
}

INTERPOSE(struct netent*, getnetbyaddr, (uint32_t number, int type)) {
  return number_is_refused("getnetbyaddr", number) ? no_network()
                                                   : NEXT(getnetbyaddr)(number, type);
}

INTERPOSE(int, getnetbyaddr_r,
          (uint32_t number, int type, struct netent* network, char* buffer, size_t size,
           struct netent** result, int* error)) {
  if (number_is_refused("getnetbyaddr_r", number)) return no_network_r(result, error);
  return NEXT(getnetbyaddr_r)(number, type, network, buffer, size, result, error);
}

namespace {

int judge_stream(const char* operation, const struct addrinfo& peer, std::uint16_t port) {
  CopiedAddress copy;
  if (!copy_address(peer.ai_addr, peer.ai_addrlen, &copy)) return EINVAL;
  __builtin_memcpy(copy.bytes + 2, &port, sizeof(port));
  const long descriptor = sys::call(SYS_socket, peer.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return static_cast<int>(-descriptor);
  const int error = judge_copy(operation, static_cast<int>(descriptor), copy, Direction::kConnect);
  sys::close(static_cast<int>(descriptor));
  return error;
}

// Calls with each address of the host, as text, until that works: what was judged is what libc is
// given. Port in network order; 0: nothing is connected to.
template <class Call>
int with_each_address(const char* operation, const char* host, std::uint16_t port, int family,
                      const Call& call) {
  struct addrinfo hints = {};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  struct addrinfo* peers = nullptr;
  if (resolve(operation, host, nullptr, &hints, &peers) != 0)
    return fail(static_cast<int>(policy().header().egress_errno));
  int result = -1;
  for (struct addrinfo* peer = peers; peer != nullptr && result < 0; peer = peer->ai_next) {
    Endpoint endpoint;
    if (!endpoint_of(peer->ai_addr, peer->ai_addrlen, &endpoint)) continue;
    if (const int error = port == 0 ? 0 : judge_stream(operation, *peer, port)) {
      errno = error;
      continue;
    }
    char text[64];
    Appender address(text);
    append_address(endpoint.address, address);
    result = call(address.c_str());
  }
  const int error = errno;
  free_answer(peers);
  errno = error;
  return result;
}

// The caller's host name stays as it was given, where libc would make an official name of it.
#define WITH_HOST(name, hosts, port, family, ...)                                       \
  if ((hosts) == nullptr || *(hosts) == nullptr) return NEXT(name)(hosts, __VA_ARGS__); \
  return with_each_address(#name, *(hosts), port, family, [&](const char* address) {    \
    char* host = const_cast<char*>(address);                                            \
    return NEXT(name)(&host, __VA_ARGS__);                                              \
  })

}  // namespace

INTERPOSE(int, rcmd,
          (char** hosts, unsigned short port, const char* local_user, const char* remote_user,
           const char* command, int* errors)) {
  WITH_HOST(rcmd, hosts, port, AF_INET, port, local_user, remote_user, command, errors);
}

INTERPOSE(int, rcmd_af,
          (char** hosts, unsigned short port, const char* local_user, const char* remote_user,
           const char* command, int* errors, sa_family_t family)) {
  WITH_HOST(rcmd_af, hosts, port, family, port, local_user, remote_user, command, errors, family);
}

INTERPOSE(int, rexec,
          (char** hosts, int port, const char* user, const char* password, const char* command,
           int* errors)) {
  WITH_HOST(rexec, hosts, static_cast<std::uint16_t>(port), AF_INET, port, user, password, command,
            errors);
}

INTERPOSE(int, rexec_af,
          (char** hosts, int port, const char* user, const char* password, const char* command,
           int* errors, sa_family_t family)) {
  WITH_HOST(rexec_af, hosts, static_cast<std::uint16_t>(port), family, port, user, password,
            command, errors, family);
}

// Nothing is connected to, but the host's name is looked up.
INTERPOSE(int, ruserok,
          (const char* host, int superuser, const char* remote_user, const char* local_user)) {
  if (host == nullptr) return NEXT(ruserok)(host, superuser, remote_user, local_user);
  return with_each_address("ruserok", host, 0, AF_INET, [&](const char* address) {
    return NEXT(ruserok)(address, superuser, remote_user, local_user);
  });
}

INTERPOSE(int, ruserok_af,
          (const char* host, int superuser, const char* remote_user, const char* local_user,
           sa_family_t family)) {
  if (host == nullptr) return NEXT(ruserok_af)(host, superuser, remote_user, local_user, family);
  return with_each_address("ruserok_af", host, 0, family, [&](const char* address) {
    return NEXT(ruserok_af)(address, superuser, remote_user, local_user, family);
  });
}
