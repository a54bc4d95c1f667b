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

// What is asked for.
struct Question {
  char bytes[260];  // a name as text in a message is up to 255 bytes long
  std::size_t size = 0;
  int error = 0;  // the errno of a refusal, if there is one
  std::string_view name() const { return {bytes, size}; }
};

Question about(const char* name, const char* domain = nullptr) {
  Question result;
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
Question in_message(const unsigned char* message, int length) {
  Question result;
  Appender text(result.bytes);
  if (message == nullptr || length <= 0 ||
      !dns_question({message, static_cast<std::size_t>(length)}, text)) {
    text.truncate(0);
    text.add("(no question)");
  }
  result.size = text.size();
  result.error = static_cast<int>(policy().header().egress_errno);
  return result;
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

// `state`: the resolver's, null for a function that has none. Old glibc has the function under the
// second name only; in a new one that name is hidden.
template <class Function, class... Arguments>
int ask(Function*, const char* plain, const char* underscored, void* state,
        const Question& question, unsigned char* answer, int size, Arguments... arguments) {
  if (is_refused(plain, question.name())) {
    if (question.error != 0) errno = question.error;
    if (state != nullptr) set_resolver_error(state, HOST_NOT_FOUND);
    set_h_errno(HOST_NOT_FOUND);
    return -1;
  }
  void* next = find_next(plain);
  if (next == nullptr) next = find_next(underscored);
  if (next == nullptr) {
    set_h_errno(NO_RECOVERY);
    return fail(ENOSYS);
  }
  const int found = reinterpret_cast<Function*>(next)(arguments...);
  learn(answer, found, size, question.name());
  return found;
}

}  // namespace

// A function under both names. Behind `question`: what libc's own is called with.
#define INTERPOSE_QUERY(function, parameters, state, question, ...)                   \
  INTERPOSE(int, function, parameters) {                                              \
    return ask(&::function, #function, "__" #function, state, question, answer, size, \
               __VA_ARGS__);                                                          \
  }                                                                                   \
  INTERPOSE(int, __##function, parameters) {                                          \
    return ask(&::function, #function, "__" #function, state, question, answer, size, \
               __VA_ARGS__);                                                          \
  }

INTERPOSE_QUERY(res_query, (const char* name, int kind, int type, unsigned char* answer, int size),
                nullptr, about(name), name, kind, type, answer, size)
INTERPOSE_QUERY(res_nquery,
                (void* state, const char* name, int kind, int type, unsigned char* answer,
                 int size),
                state, about(name), state, name, kind, type, answer, size)
INTERPOSE_QUERY(res_search, (const char* name, int kind, int type, unsigned char* answer, int size),
                nullptr, about(name), name, kind, type, answer, size)
INTERPOSE_QUERY(res_nsearch,
                (void* state, const char* name, int kind, int type, unsigned char* answer,
                 int size),
                state, about(name), state, name, kind, type, answer, size)
INTERPOSE_QUERY(res_querydomain,
                (const char* name, const char* domain, int kind, int type, unsigned char* answer,
                 int size),
                nullptr, about(name, domain), name, domain, kind, type, answer, size)
INTERPOSE_QUERY(res_nquerydomain,
                (void* state, const char* name, const char* domain, int kind, int type,
                 unsigned char* answer, int size),
                state, about(name, domain), state, name, domain, kind, type, answer, size)
INTERPOSE_QUERY(res_send,
                (const unsigned char* message, int length, unsigned char* answer, int size),
                nullptr, in_message(message, length), message, length, answer, size)
INTERPOSE_QUERY(res_nsend,
                (void* state, const unsigned char* message, int length, unsigned char* answer,
                 int size),
                state, in_message(message, length), state, message, length, answer, size)
