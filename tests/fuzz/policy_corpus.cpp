// Writes the start of the policy fuzzer's corpus with the real builder, or checks that the one that
// is kept can still be used:
//   policy-corpus make DIR     writes DIR/made-*
//   policy-corpus check DIR    every DIR/made-* is a sound policy, or the text of one
// To be made anew when kPolicyVersion changes.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy.h"
#include "core/policy_builder.h"
#include "core/policy_transport.h"
#include "presets/presets.h"

using namespace hfoffline;

namespace {

struct Example {
  const char* name;
  const char* config;
  int trees;
};
constexpr Example kExamples[] = {
    {"empty", "[env]\npresets = []\n", 0},
    {"trees", "[env]\npresets = []\n", 3},
    {"audit", "[env]\npresets = []\nlock = false\n[egress]\nmode = \"audit\"\n", 1},
    {"names", "[env]\npresets = []\n[egress]\nallow = [\"minio.ci:9000\", \"Hub.Example\"]\n", 1},
    {"networks",
     "[env]\npresets = []\n[egress]\nerrno = \"EPERM\"\n"
     "allow = [\"10.0.0.0/8\", \"[2001:db8::1]:443\", \"0.0.0.0/0:1\"]\n",
     0},
    {"variables",
     "[env]\npresets = []\nset = [\"A=1\", \"B=\", \"LONGER_NAME=a=b\"]\nunset = [\"C\"]\n"
     "[exec]\nunshimmed = \"refuse\"\n",
     0},
    {"preset", "[env]\npresets = [\"nltk\", \"gradio\"]\n[record]\nquiet = true\n", 1},
    {"everything", "[egress]\nallow = [\"minio.ci:9000\", \"10.0.0.5\"]\n", 2},
};

int fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  return 1;
}

bool build(const Example& example, std::vector<std::uint64_t>& buffer, std::size_t* size) {
  std::vector<char> memory(1 << 20);
  Arena arena(memory.data(), memory.size());
  Config config;
  Diagnostic error;
  EnvironmentPlan plan;
  EnvironmentInputs environment;
  environment.directory_exists = [](const char*) { return false; };
  environment.models_dir = example.trees == 0 ? "" : "/mnt/models";
  environment.layout = Layout::kHubCache;
  environment.scratch_dir = "/tmp/scratch";
  environment.version = "1.2.3";
  set_defaults(config);
  const Source source = {Source::Origin::kFlag, "--protect"};
  const ProtectedTree trees[] = {
      {"/mnt/models", {1, 2}, source}, {"/opt/core", {1, 3}, source}, {"/", {1, 4}, source}};
  PolicyInputs inputs;
  inputs.config = &config;
  inputs.environment = &plan;
  inputs.trees = trees;
  inputs.tree_count = static_cast<std::size_t>(example.trees);
  const PlannedRedirect redirects[] = {{"/root/.cache/huggingface", "/mnt/models", source}};
  inputs.redirects = redirects;
  inputs.redirect_count = example.trees >= 2 ? 1 : 0;
  inputs.root = {5, 6};
  inputs.models_dir = environment.models_dir;
  inputs.run = "run";
  inputs.record_file = "/tmp/record.jsonl";
  buffer.assign(kMaximumPolicyBytes / 8, 0);
  const bool made =
      read_config("hfoffline.toml", example.config, known_preset_names(), arena, config, error) &&
      plan_environment(known_presets(), config, environment, arena, plan, error) &&
      build_policy(inputs, reinterpret_cast<std::uint8_t*>(buffer.data()), kMaximumPolicyBytes,
                   size, error);
  if (!made) fail(std::string(example.name) + ": " + error.message);
  return made;
}

bool write_file(const std::filesystem::path& path, const char* bytes, std::size_t size) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes, static_cast<std::streamsize>(size));
  file.close();
  return file.good();
}

int make(const std::filesystem::path& directory) {
  for (const Example& example : kExamples) {
    std::vector<std::uint64_t> buffer;
    std::size_t size = 0;
    if (!build(example, buffer, &size)) return 1;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(buffer.data());
    std::string text(encoded_policy_size(size), '?');
    encode_policy(bytes, size, text.data());
    const std::string name = std::string("made-") + example.name;
    if (!write_file(directory / name, reinterpret_cast<const char*>(bytes), size) ||
        !write_file(directory / (name + ".text"), text.data(), text.size())) {
      return fail("cannot write to " + directory.string());
    }
  }
  return 0;
}

// The bytes of a file, decoded if it holds text.
std::vector<std::uint8_t> read_policy(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content(std::istreambuf_iterator<char>(file), {});
  if (path.extension() != ".text") return {content.begin(), content.end()};
  std::vector<std::uint8_t> bytes(content.size());
  bytes.resize(decode_policy(content, bytes.data(), bytes.size()));
  return bytes;
}

int check(const std::filesystem::path& directory) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (!entry.path().filename().string().starts_with("made-")) continue;
    ++files;
    const std::vector<std::uint8_t> bytes = read_policy(entry.path());
    Policy policy;
    const PolicyProblem problem = policy.attach(bytes.data(), bytes.size());
    if (problem != PolicyProblem::kNone) {
      return fail(entry.path().string() + ": " + std::string(describe(problem)) +
                  ": make the corpus anew with `policy-corpus make`");
    }
  }
  std::printf("%d policies\n", files);
  return files == static_cast<int>(2 * std::size(kExamples)) ? 0 : fail("some are missing");
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view command = count == 3 ? arguments[1] : "";
  if (command == "make") return make(arguments[2]);
  if (command == "check") return check(arguments[2]);
  return fail("usage: policy-corpus make|check DIR");
}
