// The resolver's own interface, which asks name servers and nobody else: a name is asked for if the
// allow-list has it. Programs of every age are linked to one of two names for each function.
#include <errno.h>
#include <netdb.h>

#include "core/dns_message.h"
#include "core/text.h"
#include "shim/interpose.h"
#include "shim/judge_name.h"
#include "shim/policy_source.h"
#include "shim/resolver_state.h"
#include "shim/shared_state.h"
#include "shim/undeclared.h"

using namespace hfoffline;
using namespace hfoffline::shim;

namespace {

// A name as text in a message is up to 255 bytes long.
struct Name {
  char bytes[260];
  std::size_t size = 0;
  std::string_view view() const { return {bytes, size}; }
};

Name joined(const char* name, const char* domain) {
  Name result;
  Appender text(result.bytes);
  if (name != nullptr) text.add(name);
  if (domain != nullptr) {
    if (text.size() != 0 && result.bytes[text.size() - 1] != '.') text.add_byte('.');
    text.add(domain);
  }
  if (text.size() == 0) text.add_byte('.');
  result.size = text.size();
  return result;
}

// What is no message with one question is asked for nothing that a list could allow.
Name asked_in(const unsigned char* message, int length) {
  Name result;
  Appender text(result.bytes);
  if (message == nullptr || length <= 0 ||
      !dns_question({message, static_cast<std::size_t>(length)}, text)) {
    text.truncate(0);
    text.add("(no question)");
  }
  result.size = text.size();
  return result;
}

int no_such_host(void* state) {
  if (state != nullptr) set_resolver_error(state, HOST_NOT_FOUND);
  set_h_errno(HOST_NOT_FOUND);
  return -1;
}

bool is_refused(const char* operation, std::string_view name) {
  const Lookup lookup = judge_query(name);
  if (lookup != Lookup::kAllowed) report_name(operation, name, lookup, "HOST_NOT_FOUND");
  return lookup == Lookup::kRefuse;
}

void learn(const unsigned char* answer, int length, int size, std::string_view name) {
  if (answer == nullptr || length <= 0) return;
  // The resolver tells the length that the answer would have had.
  DnsAnswers answers({answer, static_cast<std::size_t>(length < size ? length : size)});
  IpAddress address;
  while (answers.next(&address)) learn_address(address, name);
}

// Old glibc has the function under the second name only; in a new one that name is hidden.
template <class Function, class... Arguments>
int ask(Function*, const char* plain, const char* underscored, Arguments... arguments) {
  void* next = find_next(plain);
  if (next == nullptr) next = find_next(underscored);
  if (next == nullptr) {
    set_h_errno(NO_RECOVERY);
    return fail(ENOSYS);
  }
  return reinterpret_cast<Function*>(next)(arguments...);
}

int query(const char* name, int kind, int type, unsigned char* answer, int size) {
  const Name asked = joined(name, nullptr);
  if (is_refused("res_query", asked.view())) {
    return no_such_host(nullptr);
  }
  const int found = ask(&::res_query, "res_query", "__res_query", name, kind, type, answer, size);
  learn(answer, found, size, asked.view());
  return found;
}

int nquery(void* state, const char* name, int kind, int type, unsigned char* answer, int size) {
  const Name asked = joined(name, nullptr);
  if (is_refused("res_nquery", asked.view())) {
    return no_such_host(state);
  }
  const int found =
      ask(&::res_nquery, "res_nquery", "__res_nquery", state, name, kind, type, answer, size);
  learn(answer, found, size, asked.view());
  return found;
}

int search(const char* name, int kind, int type, unsigned char* answer, int size) {
  const Name asked = joined(name, nullptr);
  if (is_refused("res_search", asked.view())) {
    return no_such_host(nullptr);
  }
  const int found =
      ask(&::res_search, "res_search", "__res_search", name, kind, type, answer, size);
  learn(answer, found, size, asked.view());
  return found;
}

int nsearch(void* state, const char* name, int kind, int type, unsigned char* answer, int size) {
  const Name asked = joined(name, nullptr);
  if (is_refused("res_nsearch", asked.view())) {
    return no_such_host(state);
  }
  const int found =
      ask(&::res_nsearch, "res_nsearch", "__res_nsearch", state, name, kind, type, answer, size);
  learn(answer, found, size, asked.view());
  return found;
}

int querydomain(const char* name, const char* domain, int kind, int type, unsigned char* answer,
                int size) {
  const Name asked = joined(name, domain);
  if (is_refused("res_querydomain", asked.view())) {
    return no_such_host(nullptr);
  }
  const int found = ask(&::res_querydomain, "res_querydomain", "__res_querydomain", name, domain,
                        kind, type, answer, size);
  learn(answer, found, size, asked.view());
  return found;
}

int nquerydomain(void* state, const char* name, const char* domain, int kind, int type,
                 unsigned char* answer, int size) {
  const Name asked = joined(name, domain);
  if (is_refused("res_nquerydomain", asked.view())) {
    return no_such_host(state);
  }
  const int found = ask(&::res_nquerydomain, "res_nquerydomain", "__res_nquerydomain", state, name,
                        domain, kind, type, answer, size);
  learn(answer, found, size, asked.view());
  return found;
}

int send_message(const unsigned char* message, int length, unsigned char* answer, int size) {
  const Name asked = asked_in(message, length);
  if (is_refused("res_send", asked.view())) {
    errno = static_cast<int>(policy().header().egress_errno);
    return no_such_host(nullptr);
  }
  const int found = ask(&::res_send, "res_send", "__res_send", message, length, answer, size);
  learn(answer, found, size, asked.view());
  return found;
}

int nsend_message(void* state, const unsigned char* message, int length, unsigned char* answer,
                  int size) {
  const Name asked = asked_in(message, length);
  if (is_refused("res_nsend", asked.view())) {
    errno = static_cast<int>(policy().header().egress_errno);
    return no_such_host(state);
  }
  const int found =
      ask(&::res_nsend, "res_nsend", "__res_nsend", state, message, length, answer, size);
  learn(answer, found, size, asked.view());
  return found;
}

}  // namespace

INTERPOSE(int, res_query, (const char* name, int kind, int type, unsigned char* answer, int size)) {
  return query(name, kind, type, answer, size);
}

INTERPOSE(int, __res_query,
          (const char* name, int kind, int type, unsigned char* answer, int size)) {
  return query(name, kind, type, answer, size);
}

INTERPOSE(int, res_nquery,
          (void* state, const char* name, int kind, int type, unsigned char* answer, int size)) {
  return nquery(state, name, kind, type, answer, size);
}

INTERPOSE(int, __res_nquery,
          (void* state, const char* name, int kind, int type, unsigned char* answer, int size)) {
  return nquery(state, name, kind, type, answer, size);
}

INTERPOSE(int, res_search,
          (const char* name, int kind, int type, unsigned char* answer, int size)) {
  return search(name, kind, type, answer, size);
}

INTERPOSE(int, __res_search,
          (const char* name, int kind, int type, unsigned char* answer, int size)) {
  return search(name, kind, type, answer, size);
}

INTERPOSE(int, res_nsearch,
          (void* state, const char* name, int kind, int type, unsigned char* answer, int size)) {
  return nsearch(state, name, kind, type, answer, size);
}

INTERPOSE(int, __res_nsearch,
          (void* state, const char* name, int kind, int type, unsigned char* answer, int size)) {
  return nsearch(state, name, kind, type, answer, size);
}

INTERPOSE(int, res_querydomain,
          (const char* name, const char* domain, int kind, int type, unsigned char* answer,
           int size)) {
  return querydomain(name, domain, kind, type, answer, size);
}

INTERPOSE(int, __res_querydomain,
          (const char* name, const char* domain, int kind, int type, unsigned char* answer,
           int size)) {
  return querydomain(name, domain, kind, type, answer, size);
}

INTERPOSE(int, res_nquerydomain,
          (void* state, const char* name, const char* domain, int kind, int type,
           unsigned char* answer, int size)) {
  return nquerydomain(state, name, domain, kind, type, answer, size);
}

INTERPOSE(int, __res_nquerydomain,
          (void* state, const char* name, const char* domain, int kind, int type,
           unsigned char* answer, int size)) {
  return nquerydomain(state, name, domain, kind, type, answer, size);
}

INTERPOSE(int, res_send,
          (const unsigned char* message, int length, unsigned char* answer, int size)) {
  return send_message(message, length, answer, size);
}

INTERPOSE(int, __res_send,
          (const unsigned char* message, int length, unsigned char* answer, int size)) {
  return send_message(message, length, answer, size);
}

INTERPOSE(int, res_nsend,
          (void* state, const unsigned char* message, int length, unsigned char* answer,
           int size)) {
  return nsend_message(state, message, length, answer, size);
}

INTERPOSE(int, __res_nsend,
          (void* state, const unsigned char* message, int length, unsigned char* answer,
           int size)) {
  return nsend_message(state, message, length, answer, size);
}
