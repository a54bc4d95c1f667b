#include "core/policy_builder.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "catch.h"
#include "core/address.h"
#include "core/policy_transport.h"
#include "policy_test_support.h"

using namespace hfoffline;
using namespace hfoffline::test;

namespace {

// A policy that was built and attached.
class Built {
 public:
  explicit Built(PolicyMaker& maker) {
    const bool built = maker.build();
    CAPTURE(maker.error.message);
    REQUIRE(built);
    bytes_ = maker.made;
    REQUIRE(policy_.attach(bytes_.data(), bytes_.size()) == PolicyProblem::kNone);
  }
  const Policy* operator->() const { return &policy_; }
  const Policy& operator*() const { return policy_; }

 private:
  AlignedBytes bytes_;
  Policy policy_;
};

void check_text(const Policy& policy, const TextReference& reference, std::string_view wanted) {
  CHECK(policy.text(reference) == wanted);
  CHECK(std::string_view(policy.c_str(reference)) == wanted);
}

std::string allow_list(const std::vector<std::string>& entries) {
  std::string text = "[egress]\nallow = [";
  for (const std::string& entry : entries) text += "\n\"" + entry + "\",";
  return text + "]\n";
}

}  // namespace

TEST_CASE("policy builder: the defaults") {
  PolicyMaker maker;
  const Built policy(maker);
  CHECK_FALSE(policy->audit());
  CHECK(policy->lock_environment());
  CHECK_FALSE(policy->quiet());
  CHECK_FALSE(policy->allow_from_tests());
  CHECK(policy->header().egress_errno == ENETUNREACH);
  CHECK(policy->header().unshimmed == Unshimmed::kWarn);
  CHECK(policy->tree_count() == 0);
  CHECK(policy->network_count() == 0);
  CHECK(policy->name_count() == 0);
  const PolicyHeader& header = policy->header();
  for (const TextReference& reference : {header.models_dir, header.config_file, header.record_file,
                                         header.run_state_file, header.shim_file}) {
    check_text(*policy, reference, "");
  }
  check_text(*policy, header.run, "run-of-a-test");
  check_text(*policy, header.default_egress_rule, "default");
  check_text(*policy, header.unshimmed_rule, "default");
  // Views without any data, as they come from settings that were not given, are legal input.
  CHECK(maker.inputs.record_file.data() == nullptr);
}

TEST_CASE("policy builder: each switch comes through, alone") {
  for (const std::string mode : {"refuse", "audit"}) {
    for (const std::string lock : {"true", "false"}) {
      for (const std::string quiet : {"true", "false"}) {
        CAPTURE(mode, lock, quiet);
        PolicyMaker maker;
        REQUIRE(maker.read("[egress]\nmode = \"" + mode + "\"\n[env]\nlock = " + lock +
                           "\n[record]\nquiet = " + quiet + "\n"));
        const Built policy(maker);
        CHECK(policy->audit() == (mode == "audit"));
        CHECK(policy->lock_environment() == (lock == "true"));
        CHECK(policy->quiet() == (quiet == "true"));
      }
    }
  }
}

TEST_CASE("policy builder: tests may allow themselves hosts only where that is set") {
  PolicyMaker maker;
  REQUIRE(maker.read("[egress]\nallow_from_tests = true\n"));
  const Built policy(maker);
  CHECK(policy->allow_from_tests());
  CHECK_FALSE(policy->audit());
}

TEST_CASE("policy builder: every choice of unshimmed and every errno comes through") {
  const std::map<std::string, Unshimmed> choices = {
      {"warn", Unshimmed::kWarn}, {"refuse", Unshimmed::kRefuse}, {"allow", Unshimmed::kAllow}};
  for (const auto& [name, choice] : choices) {
    CAPTURE(name);
    PolicyMaker maker;
    REQUIRE(maker.flag(Key::exec_unshimmed, "--unshimmed", name));
    CHECK(Built(maker)->header().unshimmed == choice);
  }
  const std::map<std::string, int> errnos = {{"ENETUNREACH", ENETUNREACH},
                                             {"EHOSTUNREACH", EHOSTUNREACH},
                                             {"ENETDOWN", ENETDOWN},
                                             {"EACCES", EACCES},
                                             {"EPERM", EPERM},
                                             {"ECONNREFUSED", ECONNREFUSED}};
  for (const auto& [name, number] : errnos) {
    CAPTURE(name);
    PolicyMaker maker;
    REQUIRE(maker.flag(Key::egress_errno, "--errno", name));
    CHECK(Built(maker)->header().egress_errno == static_cast<std::uint32_t>(number));
  }
}

TEST_CASE("policy builder: files, directories and identities come through") {
  PolicyMaker maker;
  REQUIRE(maker.read("", "/etc/hf/hfoffline.toml"));
  maker.inputs.root = {0x123456789abcdef0, 0xfedcba9876543210};
  maker.inputs.models_dir = "/mnt/models";
  maker.inputs.run = "r";
  maker.inputs.record_file =
      "/tmp/r\xc3\xa9"
      "cord.jsonl";
  maker.inputs.run_state_file = "/tmp/x/run-state";
  maker.inputs.shim_file = "/usr/lib/hfoffline/libhfoffline.so";
  maker.trees.push_back({"/mnt/models", {7, 8}, {Source::Origin::kFlag, "--models-dir"}});
  maker.trees.push_back(
      {"/", {9, UINT64_MAX}, {Source::Origin::kEnvironment, "HFOFFLINE_PROTECT"}});
  maker.trees.push_back({"/opt/core", {0, 1}, {Source::Origin::kFile, "hfoffline.toml", 41, 7}});
  const Built policy(maker);
  const PolicyHeader& header = policy->header();
  CHECK(header.root_device == 0x123456789abcdef0);
  CHECK(header.root_inode == 0xfedcba9876543210);
  check_text(*policy, header.models_dir, "/mnt/models");
  check_text(*policy, header.run, "r");
  check_text(*policy, header.config_file, "/etc/hf/hfoffline.toml");
  check_text(*policy, header.record_file,
             "/tmp/r\xc3\xa9"
             "cord.jsonl");
  check_text(*policy, header.run_state_file, "/tmp/x/run-state");
  check_text(*policy, header.shim_file, "/usr/lib/hfoffline/libhfoffline.so");

  const std::vector<std::string> rules = {"--models-dir", "HFOFFLINE_PROTECT", "hfoffline.toml:41"};
  REQUIRE(policy->tree_count() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CAPTURE(i);
    check_text(*policy, policy->tree(i).path, maker.trees[i].path);
    check_text(*policy, policy->tree(i).rule, rules[i]);
    CHECK(policy->tree(i).device == maker.trees[i].id.dev);
    CHECK(policy->tree(i).inode == maker.trees[i].id.ino);
  }
}

TEST_CASE("policy builder: allow rules come through, each with what it allows and its rule") {
  PolicyMaker maker;
  REQUIRE(
      maker.read("[egress]\n"
                 "allow = [\n"
                 "  \"MinIO.CI:9000\",\n"
                 "  \"huggingface.co.\",\n"
                 "  \"10.0.0.5\",\n"
                 "  \"10.0.0.6:65535\",\n"
                 "  \"192.168.0.0/16:1\",\n"
                 "  \"0.0.0.0/0\",\n"
                 "  \"2001:db8::/32\",\n"
                 "  \"[2001:db8::1]:443\",\n"
                 "  \"[2001:db8::/33]:80\",\n"
                 "  \"::/0\",\n"
                 "]\n"));
  REQUIRE(maker.flag(Key::egress_allow, "--allow", "last.example:2"));
  const Built policy(maker);

  struct Name {
    const char* name;
    unsigned port;
    const char* rule;
  };
  const Name names[] = {{"minio.ci", 9000, "hfoffline.toml:3"},
                        {"huggingface.co", 0, "hfoffline.toml:4"},
                        {"last.example", 2, "--allow"}};
  REQUIRE(policy->name_count() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CAPTURE(i);
    check_text(*policy, policy->name(i).name, names[i].name);
    check_text(*policy, policy->name(i).rule, names[i].rule);
    CHECK(policy->name(i).port == names[i].port);
  }

  struct Net {
    const char* network;
    unsigned port;
    const char* rule;
  };
  const Net networks[] = {
      {"10.0.0.5/32", 0, "hfoffline.toml:5"},     {"10.0.0.6/32", 65535, "hfoffline.toml:6"},
      {"192.168.0.0/16", 1, "hfoffline.toml:7"},  {"0.0.0.0/0", 0, "hfoffline.toml:8"},
      {"2001:db8::/32", 0, "hfoffline.toml:9"},   {"2001:db8::1/128", 443, "hfoffline.toml:10"},
      {"2001:db8::/33", 80, "hfoffline.toml:11"}, {"::/0", 0, "hfoffline.toml:12"}};
  REQUIRE(policy->network_count() == 8);
  for (std::size_t i = 0; i < 8; ++i) {
    CAPTURE(i);
    const NetworkRow& row = policy->network(i);
    Network network;
    std::copy(std::begin(row.base), std::end(row.base), network.base.bytes);
    network.prefix = row.prefix;
    char array[64];
    Appender text(array);
    append_network(network, text);
    CHECK(text.view() == networks[i].network);
    CHECK(row.port == networks[i].port);
    check_text(*policy, row.rule, networks[i].rule);
  }
}

TEST_CASE("policy builder: the whole environment plan comes through, with its rules") {
  PolicyMaker maker;
  maker.environment_inputs.models_dir = "/mnt/models";
  maker.environment_inputs.layout = Layout::kHubCache;
  maker.environment_inputs.scratch_dir = "/tmp/scratch";
  REQUIRE(
      maker.read("[env]\nset = [\"EMPTY=\", \"EQUALS=a=b=c\", \"SPACES= x y \"]\n"
                 "unset = [\"MY_CACHE\"]\n"));
  const Built policy(maker);
  REQUIRE(policy->variable_count() == maker.environment.count);
  bool any_set = false;
  bool any_removed = false;
  for (std::size_t i = 0; i < maker.environment.count; ++i) {
    const PlannedVariable& planned = maker.environment.variables[i];
    CAPTURE(planned.text);
    const VariableRow& row = policy->variable(i);
    check_text(*policy, row.text, planned.text);
    check_text(*policy, row.rule, text_of(planned.source));
    CHECK(policy->variable_name(row) == planned.name);
    CHECK((row.set == 1) == planned.set);
    if (planned.set) CHECK(std::string_view(policy->variable_value(row)) == planned.value);
    CHECK(policy->find_variable(planned.name) == &row);
    (planned.set ? any_set : any_removed) = true;
  }
  CHECK(any_set);
  CHECK(any_removed);
  const auto value = [&](std::string_view name) {
    return std::string_view(policy->variable_value(*policy->find_variable(name)));
  };
  CHECK(value("EMPTY") == "");
  CHECK(value("EQUALS") == "a=b=c");
  CHECK(value("SPACES") == " x y ");
  CHECK(policy->find_variable("MY_CACHE")->set == 0);
  check_text(*policy, policy->find_variable("EMPTY")->rule, "hfoffline.toml:2");
}

TEST_CASE("policy builder: the same input gives the same bytes, wherever they are written") {
  PolicyMaker maker;
  maker.trees.push_back({"/mnt/models", {7, 8}, {Source::Origin::kFlag, "--models-dir"}});
  REQUIRE(maker.read(allow_list({"a.example:1", "10.0.0.0/8:2"})));
  REQUIRE(maker.build());
  const AlignedBytes first = maker.made;
  REQUIRE(maker.build_again(kMaximumPolicyBytes, 0x55));
  REQUIRE(maker.made.size() == first.size());
  // Bytes that nobody wrote would differ.
  CHECK(std::equal(first.data(), first.data() + first.size(), maker.made.data()));
}

TEST_CASE("policy builder: every capacity that is too small is an error, and kept to") {
  PolicyMaker maker;
  maker.trees.push_back({"/mnt/models", {7, 8}, {Source::Origin::kFlag, "--models-dir"}});
  REQUIRE(
      maker.read("[env]\npresets = [\"nltk\"]\n" + allow_list({"a.example:1", "10.0.0.0/8:2"})));
  REQUIRE(maker.build());
  const std::size_t size = maker.made.size();
  for (std::size_t capacity = 0; capacity <= size; ++capacity) {
    maker.error = {};
    const bool built = maker.build_again(capacity);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(maker.buffer.data());
    const bool kept = std::all_of(bytes + capacity, bytes + maker.buffer.size() * 8,
                                  [](std::uint8_t byte) { return byte == 0xaa; });
    if (built != (capacity == size) || !kept || built != maker.error.empty()) {
      CAPTURE(capacity, size, maker.error.message);
      REQUIRE(built == (capacity == size));
      REQUIRE(kept);
      REQUIRE(built == maker.error.empty());
    }
  }
}

TEST_CASE("policy builder: too much for a policy is an error that says what to do") {
  const auto rules = [](int count) {
    std::vector<std::string> entries;
    for (int i = 0; i < count; ++i) {
      entries.push_back("10." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ".1");
    }
    return allow_list(entries);
  };
  int fits = 0;
  int fails = 8000;
  while (fails - fits > 1) {
    const int count = (fits + fails) / 2;
    PolicyMaker maker;
    REQUIRE(maker.read(rules(count)));
    (maker.build() ? fits : fails) = count;
  }
  CAPTURE(fits);
  CHECK(fits > 1000);
  PolicyMaker largest;
  REQUIRE(largest.read(rules(fits)));
  const Built policy(largest);
  CHECK(policy->network_count() == static_cast<std::size_t>(fits));
  CHECK(policy->size() <= kMaximumPolicyBytes);
  CHECK(encoded_policy_size(policy->size()) + kPolicyVariable.size() + 2 <= 128 * 1024);
  const NetworkRow& last = policy->network(static_cast<std::size_t>(fits) - 1);
  CHECK(policy->text(last.rule) == "hfoffline.toml:" + std::to_string(fits + 2));

  PolicyMaker maker;
  REQUIRE(maker.read(rules(fails)));
  REQUIRE_FALSE(maker.build());
  CHECK(std::string(maker.error.message) == "the policy does not fit into 90112 bytes");
  CHECK(std::string(maker.error.hint).find("[egress] allow") != std::string::npos);
  CHECK(std::string(maker.error.hint).find("10.0.0.0/8") != std::string::npos);
}

TEST_CASE("policy builder: one value that is too large, in every place, is an error") {
  const std::string large(kMaximumPolicyBytes, 'x');
  const std::string path = "/" + large;
  using Change = void (*)(PolicyMaker&, std::string_view);
  const Change changes[] = {
      [](PolicyMaker& maker, std::string_view text) { maker.inputs.run = text; },
      [](PolicyMaker& maker, std::string_view text) { maker.inputs.models_dir = text; },
      [](PolicyMaker& maker, std::string_view text) { maker.inputs.record_file = text; },
      [](PolicyMaker& maker, std::string_view text) { maker.inputs.run_state_file = text; },
      [](PolicyMaker& maker, std::string_view text) { maker.inputs.shim_file = text; },
      [](PolicyMaker& maker, std::string_view text) { maker.config.file = text; },
      [](PolicyMaker& maker, std::string_view text) {
        maker.trees.push_back({text, {1, 2}, {}});
        maker.trees.push_back({"/behind", {1, 2}, {}});
      },
  };
  for (const Change change : changes) {
    PolicyMaker maker;
    REQUIRE(maker.read(allow_list({"a.example:1", "10.0.0.0/8:2"})));
    change(maker, path);
    CHECK_FALSE(maker.build());
    CHECK(std::string(maker.error.message) == "the policy does not fit into 90112 bytes");
  }
  PolicyMaker maker;
  REQUIRE(maker.flag(Key::env_set, "--set", "LARGE=" + large));
  CHECK_FALSE(maker.build());
  CHECK(std::string(maker.error.message) == "the policy does not fit into 90112 bytes");
}

TEST_CASE("policy builder: a rule of a file with a long name keeps the name's end and the line") {
  // Wherever the cut falls, also inside of a character.
  for (int more = 0; more < 4; ++more) {
    std::string file = "/" + std::string(static_cast<std::size_t>(more), 'x');
    while (file.size() < 3000) file += "\xf0\x9f\xa4\x97";
    file += "/hfoffline.toml";
    PolicyMaker maker;
    REQUIRE(maker.read(allow_list({"a.example:1"}), file));
    const Built policy(maker);
    const std::string rule(policy->text(policy->name(0).rule));
    CHECK(rule.size() <= 512);
    CHECK(rule.size() > 500);
    CHECK(rule.substr(0, 3) == "...");
    CHECK((static_cast<unsigned char>(rule[3]) & 0xc0) != 0x80);
    const std::string whole = file + ":3";
    CHECK(rule.substr(3) == whole.substr(whole.size() - rule.size() + 3));
    CHECK(policy->text(policy->header().config_file) == file);
  }

  // One that just fits stays whole.
  PolicyMaker shorter;
  const std::string fitting = std::string(512 - 2, 'f');
  REQUIRE(shorter.read(allow_list({"a.example:1"}), fitting));
  const Built whole(shorter);
  CHECK(whole->text(whole->name(0).rule) == fitting + ":3");
}

TEST_CASE("policy builder: settings that nobody checked are errors, and printable ones") {
  PolicyMaker maker;
  ListItem item;
  item.text = "10.0.0.1/8\x1b[2J";
  maker.config.at(Key::egress_allow).items = &item;
  CHECK_FALSE(maker.build());
  const std::string message = maker.error.message;
  CHECK(message.find("bad allow rule \"10.0.0.1/8\\x1B[2J\": ") == 0);

  PolicyMaker other;
  other.config.at(Key::egress_errno).text = "ETIMEDOUT";
  CHECK_FALSE(other.build());
  CHECK(std::string(other.error.message) == "egress errno \"ETIMEDOUT\" is not known");
}
