// A policy made by the real builder, from settings as a config file and flags give them. Tests
// only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy.h"
#include "core/policy_builder.h"
#include "presets/presets.h"

namespace hfoffline::test {

// Bytes aligned as a policy must be, in memory of exactly their size.
class AlignedBytes {
 public:
  AlignedBytes() = default;
  // A vector of bytes allocates as operator new does: aligned for every basic type.
  AlignedBytes(const std::uint8_t* bytes, std::size_t size) : bytes_(bytes, bytes + size) {}
  std::uint8_t* data() { return bytes_.data(); }
  const std::uint8_t* data() const { return bytes_.data(); }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::vector<std::uint8_t> bytes_;
};

inline std::string text_of(const Source& source) {
  char array[8192];
  Appender out(array);
  append_source(source, out);
  return std::string(out.view());
}

// Settings, and what goes with them into a policy.
class PolicyMaker {
 public:
  PolicyMaker() : memory_(4 << 20), arena_(memory_.data(), memory_.size()) {
    set_defaults(config);
    environment_inputs.directory_exists = [](const char*) { return false; };
    environment_inputs.version = "1.2.3";
    inputs.run = "run-of-a-test";
  }
  PolicyMaker(const PolicyMaker&) = delete;

  bool read(std::string_view text, std::string_view file = "hfoffline.toml") {
    return read_config(kept(file), kept(text), known_preset_names(), arena_, config, error);
  }
  bool flag(Key key, std::string_view name, std::string_view value) {
    return apply_override(key, kept(value), {Source::Origin::kFlag, kept(name)},
                          known_preset_names(), arena_, config, error);
  }
  bool build(std::size_t capacity = kMaximumPolicyBytes) {
    if (!plan_environment(known_presets(), config, environment_inputs, arena_, environment, error))
      return false;
    return build_again(capacity);
  }
  // With the same environment.
  bool build_again(std::size_t capacity, std::uint8_t filler = 0xaa) {
    inputs.config = &config;
    inputs.environment = &environment;
    inputs.trees = trees.data();
    inputs.tree_count = trees.size();
    buffer.assign((capacity + 7) / 8 + 1, std::uint64_t{0x0101010101010101} * filler);
    auto* bytes = reinterpret_cast<std::uint8_t*>(buffer.data());
    std::size_t size = 0;
    if (!build_policy(inputs, bytes, capacity, &size, error)) return false;
    made = AlignedBytes(bytes, size);
    return true;
  }

  Config config;
  Diagnostic error;
  EnvironmentInputs environment_inputs;
  EnvironmentPlan environment;
  PolicyInputs inputs;
  std::vector<ProtectedTree> trees;
  std::vector<std::uint64_t> buffer;  // what build_policy() wrote to, and 1 to 15 bytes behind it
  AlignedBytes made;

 private:
  // A config points into the texts it was read from.
  std::string_view kept(std::string_view text) { return texts_.emplace_back(text); }

  std::deque<std::string> texts_;
  std::vector<char> memory_;
  Arena arena_;
};

// A policy with something in every section and every text.
inline AlignedBytes complete_policy() {
  PolicyMaker maker;
  maker.environment_inputs.models_dir = "/mnt/models";
  maker.environment_inputs.layout = Layout::kHubCache;
  maker.environment_inputs.scratch_dir = "/tmp/scratch";
  maker.trees.push_back({"/mnt/models", {11, 12}, {Source::Origin::kFlag, "--models-dir"}});
  maker.trees.push_back({"/opt/core", {13, 14}, {Source::Origin::kFile, "hfoffline.toml", 3}});
  const PlannedRedirect redirect = {"/root/.cache/huggingface", "/mnt/models", {}};
  maker.inputs.redirects = &redirect;
  maker.inputs.redirect_count = 1;
  maker.inputs.root = {1, 2};
  maker.inputs.models_dir = "/mnt/models";
  maker.inputs.record_file = "/tmp/record.jsonl";
  maker.inputs.run_state_file = "/tmp/run-state";
  maker.inputs.shim_file = "/usr/lib/libhfoffline.so";
  const bool made =
      maker.read("[egress]\nallow = [\"10.0.0.0/8:9000\", \"minio.ci:9000\", \"[::5]:1\"]\n") &&
      maker.build();
  return made ? maker.made : AlignedBytes();
}

// Makes the size and the checksum fit what was changed.
inline void repair(AlignedBytes& bytes) {
  if (bytes.size() < sizeof(PolicyHeader)) return;
  constexpr std::size_t kSummedFrom = offsetof(PolicyHeader, flags);
  PolicyHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  header.size = static_cast<std::uint32_t>(bytes.size());
  header.checksum = policy_checksum(bytes.data() + kSummedFrom, bytes.size() - kSummedFrom);
  std::memcpy(bytes.data(), &header, sizeof(header));
}

inline PolicyHeader& header_of(AlignedBytes& bytes) {
  return *reinterpret_cast<PolicyHeader*>(bytes.data());
}

template <class Row>
Row& row_of(AlignedBytes& bytes, const SectionReference& section, std::size_t i) {
  return reinterpret_cast<Row*>(bytes.data() + section.offset)[i];
}

}  // namespace hfoffline::test
