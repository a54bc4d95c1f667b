// The policy's reader: bytes as they come, the same with a size and a checksum that fit, and the
// text that bytes travel as. Whatever is accepted must be safe to use in every way there is.
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "core/decide.h"
#include "core/policy.h"
#include "core/policy_transport.h"
#include "core/redirect.h"
#include "expect.h"

using namespace hfoffline;
using fuzz::expect;

namespace {

// A copy in memory of exactly its size, so that a sanitizer sees a read behind it.
struct Bytes {
  Bytes(const std::uint8_t* data, std::size_t size_of_data)
      : memory(new std::uint8_t[size_of_data]), size(size_of_data) {
    if (size != 0) std::memcpy(memory.get(), data, size);
  }
  std::unique_ptr<std::uint8_t[]> memory;
  std::size_t size;
};

void check_text(const Policy& policy, const TextReference& reference) {
  const std::string_view text = policy.text(reference);
  const auto* start = reinterpret_cast<const char*>(policy.bytes());
  expect(text.data() >= start && text.data() + text.size() < start + policy.size(),
         "a text and its NUL lie inside the policy");
  expect(text.data()[text.size()] == '\0', "a NUL follows a text");
  // Reads every byte of it.
  std::size_t length = 0;
  while (policy.c_str(reference)[length] != '\0') ++length;
  expect(length <= text.size(), "a text ends at its NUL");
}

bool lies_inside(const Policy& policy, const void* row, std::size_t size) {
  const auto* start = policy.bytes();
  const auto* at = static_cast<const std::uint8_t*>(row);
  return at >= start && at + size <= start + policy.size();
}

void check_found(const Policy& policy, std::string_view name) {
  const VariableRow* row = policy.find_variable(name);
  if (row == nullptr) return;
  expect(lies_inside(policy, row, sizeof(*row)),
         "a variable that was found is one of the policy's");
  expect(policy.variable_name(*row) == name, "a variable that was found has the name asked for");
}

void check_variables(const Policy& policy) {
  for (std::size_t i = 0; i < policy.variable_count(); ++i) {
    const VariableRow& row = policy.variable(i);
    expect(lies_inside(policy, &row, sizeof(row)), "a variable lies inside the policy");
    check_text(policy, row.text);
    check_text(policy, row.rule);
    const std::string_view name = policy.variable_name(row);
    expect(!name.empty() && name.size() <= row.text.length, "a variable has a name");
    if (row.set == 1) {
      const char* value = policy.variable_value(row);
      expect(value[-1] == '=', "a value follows its '='");
      expect(std::string_view(value).size() < row.text.length, "a value is a part of its text");
    }
    check_found(policy, name);
    check_found(policy, name.substr(0, name.size() - 1));
    policy.may_manage(policy.c_str(row.text));
  }
  for (const char* name : {"", "P", "PATH", "HF_HOME", "HFOFFLINE_ACTIVE"}) {
    policy.may_manage(name);
    check_found(policy, name);
  }
}

// Whatever the rows hold, text goes where there is room for it, and the bytes behind stay.
void check_redirects(const Policy& policy) {
  char text[600];
  for (const std::string_view path : {"/", "/a/../root/.cache/huggingface/x/", "/mnt/models//y"}) {
    text[sizeof(text) - 1] = '!';
    Appender led(text, sizeof(text) - 1);
    append_redirected(policy, path, led);
    Appender known(text, sizeof(text) - 1);
    append_known_name(policy, path, known);
    expect(text[sizeof(text) - 1] == '!', "a redirected path stays in its memory");
    may_reach_redirect(policy, path.substr(1));
  }
}

void check_network_rules(const Policy& policy) {
  for (std::size_t i = 0; i < policy.network_count(); ++i) {
    const NetworkRow& row = policy.network(i);
    expect(lies_inside(policy, &row, sizeof(row)), "a network lies inside the policy");
    check_text(policy, row.rule);
    Endpoint endpoint;
    std::memcpy(endpoint.address.bytes, row.base, sizeof(row.base));
    endpoint.port = row.port;
    const Verdict verdict = decide_endpoint(policy, endpoint);
    expect(verdict.allowed == (verdict.reason == Reason::none), "a refusal has a reason");
  }
  for (std::size_t i = 0; i < policy.name_count(); ++i) {
    const NameRow& row = policy.name(i);
    expect(lies_inside(policy, &row, sizeof(row)), "a name lies inside the policy");
    check_text(policy, row.name);
    check_text(policy, row.rule);
    decide_name(policy, policy.text(row.name), static_cast<std::uint16_t>(row.port));
    decide_name(policy, policy.c_str(row.name), 0);
  }
}

void use(const Policy& policy) {
  const PolicyHeader& header = policy.header();
  for (const TextReference& reference :
       {header.run, header.models_dir, header.config_file, header.record_file,
        header.run_state_file, header.shim_file, header.default_egress_rule,
        header.unshimmed_rule}) {
    check_text(policy, reference);
  }
  for (std::size_t i = 0; i < policy.tree_count(); ++i) {
    expect(lies_inside(policy, &policy.tree(i), sizeof(TreeRow)), "a tree lies inside the policy");
    check_text(policy, policy.tree(i).path);
    check_text(policy, policy.tree(i).rule);
  }
  for (std::size_t i = 0; i < policy.redirect_count(); ++i) {
    const RedirectRow& row = policy.redirect(i);
    expect(lies_inside(policy, &row, sizeof(row)), "a redirect lies inside the policy");
    check_text(policy, row.from);
    check_text(policy, row.to);
    check_text(policy, row.rule);
  }
  check_redirects(policy);
  check_variables(policy);
  check_network_rules(policy);
  expect(header.egress_errno > 0 && header.egress_errno < 4096, "the errno is one");
  expect(header.unshimmed <= Unshimmed::kAllow, "unshimmed is a choice");
}

PolicyProblem attach_and_use(const Bytes& bytes) {
  Policy policy;
  const PolicyProblem problem = policy.attach(bytes.memory.get(), bytes.size);
  expect(policy.valid() == (problem == PolicyProblem::kNone), "a policy with a problem is invalid");
  expect(!describe(problem).empty(), "every problem has words");
  if (policy.valid()) {
    expect(policy.bytes() == bytes.memory.get() && policy.size() == bytes.size,
           "a policy is the bytes it was given");
    use(policy);
  }
  return problem;
}

// What a checksum keeps from getting further, so that the checks behind it are met, too.
void repair(Bytes& bytes) {
  if (bytes.size < sizeof(PolicyHeader)) return;
  PolicyHeader header;
  std::memcpy(&header, bytes.memory.get(), sizeof(header));
  header.magic = kPolicyMagic;
  header.version = kPolicyVersion;
  header.size = static_cast<std::uint32_t>(bytes.size);
  std::memcpy(bytes.memory.get(), &header, sizeof(header));
  constexpr std::size_t kSummedFrom = offsetof(PolicyHeader, flags);
  header.checksum = policy_checksum(bytes.memory.get() + kSummedFrom, bytes.size - kSummedFrom);
  std::memcpy(bytes.memory.get(), &header, sizeof(header));
}

void check_transport(const Bytes& bytes) {
  std::string text(encoded_policy_size(bytes.size), '?');
  encode_policy(bytes.memory.get(), bytes.size, text.data());
  const std::unique_ptr<std::uint8_t[]> back(new std::uint8_t[bytes.size]);
  expect(decode_policy(text, back.get(), bytes.size) == bytes.size, "what was encoded is decoded");
  expect(std::memcmp(back.get(), bytes.memory.get(), bytes.size) == 0,
         "what was encoded is decoded to the same bytes");
  if (bytes.size != 0) {
    expect(decode_policy(text, back.get(), bytes.size - 1) == 0, "what does not fit is refused");
  }
}

// The bytes as the text of the variable.
void check_text_form(std::string_view text) {
  const std::size_t capacity = text.size();
  const std::unique_ptr<std::uint8_t[]> memory(new std::uint8_t[capacity]);
  const std::size_t size = decode_policy(text, memory.get(), capacity);
  expect(size <= text.size(), "decoding makes nothing longer");
  if (size == 0) return;
  const Bytes bytes(memory.get(), size);
  attach_and_use(bytes);
  std::string again(encoded_policy_size(size), '?');
  encode_policy(bytes.memory.get(), size, again.data());
  // The last digit may have bits that belong to no byte.
  expect(again.size() == text.size() &&
             again.compare(0, text.size() - 1, text, 0, text.size() - 1) == 0,
         "a text that was decoded is encoded again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  attach_and_use(bytes);
  check_transport(bytes);
  check_text_form({reinterpret_cast<const char*>(data), size});
  repair(bytes);
  const PolicyProblem problem = attach_and_use(bytes);
  if (size >= sizeof(PolicyHeader) && size <= kMaximumPolicyBytes) {
    expect(problem == PolicyProblem::kNone || problem == PolicyProblem::kOutOfBounds,
           "a repaired header leaves only references to be wrong");
  }
  return 0;
}
