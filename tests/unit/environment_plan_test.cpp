#include "core/environment_plan.h"

#include <deque>
#include <string>
#include <vector>

#include "catch.h"
#include "presets/presets.h"

using namespace hfoffline;
using namespace std::string_view_literals;

namespace {

// A config made by hand, so that these tests are about the plan and not about the parser.
class Settings {
 public:
  Settings() = default;
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;

  Settings& text(Key key, std::string_view value) {
    config_.at(key).given = true;
    config_.at(key).text = value;
    config_.at(key).boolean = value == "true";
    config_.at(key).source = source(static_cast<std::uint32_t>(key));
    return *this;
  }
  Settings& item(Key key, std::string_view value) {
    Setting& setting = config_.at(key);
    items_.push_back({value, source(100), nullptr});
    if (setting.items == nullptr) {
      setting.items = &items_.back();
    } else {
      setting.last->next = &items_.back();
    }
    setting.last = &items_.back();
    setting.given = true;
    return *this;
  }
  // [env] presets = []
  Settings& no_presets() {
    config_.at(Key::env_presets).given = true;
    return *this;
  }
  const Config& config() const { return config_; }

 private:
  static Source source(std::uint32_t line) {
    return {Source::Origin::kFile, "hfoffline.toml", line, 1};
  }
  Config config_;
  std::deque<ListItem> items_;
};

bool no_directory(const char*) { return false; }
bool every_directory(const char*) { return true; }

EnvironmentInputs usual_inputs() {
  EnvironmentInputs inputs;
  inputs.models_dir = "/models";
  inputs.layout = Layout::kHubCache;
  inputs.scratch_dir = "/scratch";
  inputs.version = "0.1.0";
  inputs.directory_exists = &no_directory;
  return inputs;
}

struct Planned {
  bool ok = false;
  EnvironmentPlan plan;
  Diagnostic error;
  std::vector<char> memory;

  const PlannedVariable* find(std::string_view name) const {
    for (std::size_t i = 0; i < plan.count; ++i) {
      if (plan.variables[i].name == name) return &plan.variables[i];
    }
    return nullptr;
  }
  // The value, "<unset>" or "<left alone>".
  std::string operator[](std::string_view name) const {
    const PlannedVariable* variable = find(name);
    if (variable == nullptr) return "<left alone>";
    return variable->set ? std::string(variable->value) : "<unset>";
  }
};

Planned make_plan(const Settings& settings, const EnvironmentInputs& inputs,
                  const Presets& presets = known_presets(), std::size_t memory = 64 * 1024) {
  Planned result;
  result.memory.resize(memory);
  Arena arena(result.memory.data(), result.memory.size());
  result.ok =
      plan_environment(presets, settings.config(), inputs, arena, result.plan, result.error);
  return result;
}

constexpr char kOneRows[] =
    "SSHARED\0one\0why\0\0\0"
    "SMARKED\0one\0why\0\0\0"
    "SREMOVED\0one\0why\0\0\0"
    "SREPLACED\0one\0why\0\0\0"
    "UGONE\0\0why\0\0\0";
constexpr char kTwoRows[] = "SSHARED\0one\0another why\0\0\0";
constexpr Preset kTestPresets[] = {{"one", "One", "", {kOneRows, sizeof(kOneRows) - 1}},
                                   {"two", "Two", "one", {kTwoRows, sizeof(kTwoRows) - 1}}};
constexpr Presets kTwoPresets = {kTestPresets, 2};

}  // namespace

TEST_CASE("a bare hub cache: caches are the models dir, HF_HOME a place that leads to it") {
  const Planned plan = make_plan(Settings(), usual_inputs());
  REQUIRE(plan.ok);
  CHECK(plan["HF_HUB_CACHE"] == "/models");
  CHECK(plan["HUGGINGFACE_HUB_CACHE"] == "/models");
  CHECK(plan["HF_HOME"] == "/scratch/hf-home");
  CHECK(plan["HF_HUB_OFFLINE"] == "1");
  CHECK(plan["HF_MODULES_CACHE"] == "/scratch/modules");
  CHECK(plan["HF_XET_LOG_DEST"] == "/scratch/xet/logs/");
  CHECK(plan["TRANSFORMERS_CACHE"] == "<unset>");
  CHECK(plan["HFOFFLINE_ACTIVE"] == "0.1.0");
  CHECK(plan["HFOFFLINE_MODELS_DIR"] == "/models");
  CHECK(plan.find("HF_MODULES_CACHE")->scratch);
  CHECK_FALSE(plan.find("HF_HUB_CACHE")->scratch);
}

TEST_CASE("an HF_HOME layout: HF_HOME is the models dir, caches its hub") {
  EnvironmentInputs inputs = usual_inputs();
  inputs.layout = Layout::kHfHome;
  const Planned plan = make_plan(Settings(), inputs);
  REQUIRE(plan.ok);
  CHECK(plan["HF_HUB_CACHE"] == "/models/hub");
  CHECK(plan["HUGGINGFACE_HUB_CACHE"] == "/models/hub");
  CHECK(plan["HF_HOME"] == "/models");
  CHECK(plan["HF_MODULES_CACHE"] == "/scratch/modules");
}

TEST_CASE("an unrecognised layout is planned as a bare hub cache") {
  EnvironmentInputs inputs = usual_inputs();
  inputs.layout = Layout::kUnknown;
  const Planned plan = make_plan(Settings(), inputs);
  CHECK(plan["HF_HUB_CACHE"] == "/models");
  CHECK(plan["HF_HOME"] == "/scratch/hf-home");
}

TEST_CASE("trailing slashes and the root directory do not double a slash") {
  EnvironmentInputs inputs = usual_inputs();
  inputs.scratch_dir = "/scratch/";
  inputs.models_dir = "/";
  inputs.layout = Layout::kHfHome;
  const Planned plan = make_plan(Settings(), inputs);
  CHECK(plan["HF_HUB_CACHE"] == "/hub");
  CHECK(plan["HF_MODULES_CACHE"] == "/scratch/modules");
}

TEST_CASE("without a models dir nothing leads to it or to scratch, but offline mode stays") {
  EnvironmentInputs inputs = usual_inputs();
  inputs.models_dir = "";
  inputs.directory_exists = &every_directory;
  const Planned plan = make_plan(Settings().text(Key::cache_marker, "DYNAMO_MODELS_DIR"), inputs);
  REQUIRE(plan.ok);
  for (std::size_t i = 0; i < plan.plan.count; ++i) {
    CAPTURE(std::string(plan.plan.variables[i].text));
    CHECK(plan.plan.variables[i].value.find('/') == std::string_view::npos);
    CHECK_FALSE(plan.plan.variables[i].scratch);
  }
  CHECK(plan["HF_HUB_CACHE"] == "<left alone>");
  CHECK(plan["HF_HOME"] == "<left alone>");
  CHECK(plan["TORCH_HOME"] == "<left alone>");
  CHECK(plan["HF_MODULES_CACHE"] == "<left alone>");
  CHECK(plan["HF_HUB_OFFLINE"] == "1");
  CHECK(plan["TRANSFORMERS_CACHE"] == "<unset>");
  CHECK(plan["https_proxy"] == "<unset>");
  CHECK(plan["HFOFFLINE_ACTIVE"] == "0.1.0");
  CHECK(plan["HFOFFLINE_MODELS_DIR"] == "<unset>");
  CHECK(plan["DYNAMO_MODELS_DIR"] == "<unset>");
}

TEST_CASE("without a scratch directory what would lead there is left alone") {
  EnvironmentInputs inputs = usual_inputs();
  inputs.scratch_dir = "";
  const Planned plan = make_plan(Settings(), inputs);
  CHECK(plan["HF_HUB_CACHE"] == "/models");
  CHECK(plan["HF_MODULES_CACHE"] == "<left alone>");
  CHECK(plan["HF_HOME"] == "<left alone>");
  inputs.layout = Layout::kHfHome;
  CHECK(make_plan(Settings(), inputs)["HF_HOME"] == "/models");
}

TEST_CASE("other libraries' caches are used when they are staged in the models dir") {
  EnvironmentInputs inputs = usual_inputs();
  CHECK(make_plan(Settings(), inputs)["TORCH_HOME"] == "<left alone>");
  inputs.directory_exists = [](const char* path) { return path == "/models/torch"sv; };
  const Planned plan = make_plan(Settings(), inputs);
  CHECK(plan["TORCH_HOME"] == "/models/torch");
  CHECK(plan["NLTK_DATA"] == "<left alone>");
  inputs.directory_exists = nullptr;
  CHECK(make_plan(Settings(), inputs)["TORCH_HOME"] == "<left alone>");
}

TEST_CASE("precedence: preset, then marker, then unset, then set") {
  Settings settings;
  settings.text(Key::cache_marker, "MARKED");
  settings.item(Key::env_unset, "REMOVED").item(Key::env_unset, "REPLACED");
  settings.item(Key::env_set, "REPLACED=first");
  settings.item(Key::env_set, "REPLACED=last");
  settings.item(Key::env_set, "GONE=");
  const Planned plan = make_plan(settings, usual_inputs(), kTwoPresets);
  REQUIRE(plan.ok);
  CHECK(plan["SHARED"] == "one");
  CHECK(plan["MARKED"] == "/models");
  CHECK(plan["REMOVED"] == "<unset>");
  CHECK(plan["REPLACED"] == "last");
  REQUIRE(plan.find("GONE") != nullptr);
  CHECK(plan.find("GONE")->set);
  CHECK(plan["GONE"].empty());

  SECTION("unset beats the marker, set beats unset") {
    settings.item(Key::env_unset, "MARKED");
    CHECK(make_plan(settings, usual_inputs(), kTwoPresets)["MARKED"] == "<unset>");
    settings.item(Key::env_set, "MARKED=mine");
    CHECK(make_plan(settings, usual_inputs(), kTwoPresets)["MARKED"] == "mine");
  }
}

TEST_CASE("every variable says who decided") {
  Settings settings;
  settings.item(Key::env_set, "REPLACED=x");
  const Planned plan = make_plan(settings, usual_inputs(), kTwoPresets);
  const Source& shared = plan.find("SHARED")->source;
  CHECK(shared.origin == Source::Origin::kPreset);
  CHECK(shared.name == "one");
  CHECK(plan.find("SHARED")->why == "why");
  CHECK(plan.find("REPLACED")->source.origin == Source::Origin::kFile);
  CHECK(plan.find("REPLACED")->source.line == 100);
  CHECK(plan.find("HFOFFLINE_ACTIVE")->source.origin == Source::Origin::kDefault);
}

TEST_CASE("variables are in order of name, once each, with NUL-terminated texts") {
  Settings settings;
  settings.item(Key::env_set, "ZZZ=1").item(Key::env_set, "AAA=1").item(Key::env_unset, "MMM");
  const Planned plan = make_plan(settings, usual_inputs());
  REQUIRE(plan.plan.count > 60);
  for (std::size_t i = 0; i < plan.plan.count; ++i) {
    const PlannedVariable& variable = plan.plan.variables[i];
    CAPTURE(std::string(variable.text));
    if (i > 0) CHECK(plan.plan.variables[i - 1].name < variable.name);
    CHECK(variable.text.data()[variable.text.size()] == '\0');
    CHECK_FALSE(variable.why.empty());
    std::string expected(variable.name);
    if (variable.set) expected.append("=").append(variable.value);
    CHECK(variable.text == expected);
  }
  CHECK(plan.plan.variables[0].name == "AAA");
}

TEST_CASE("proxies stay when they are asked for, and only they do") {
  const Planned removed = make_plan(Settings(), usual_inputs());
  Settings settings;
  settings.text(Key::env_keep_proxies, "true");
  const Planned kept = make_plan(settings, usual_inputs());
  for (const char* name : {"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY",
                           "all_proxy", "NO_PROXY", "no_proxy"}) {
    CAPTURE(name);
    CHECK(removed[name] == "<unset>");
    CHECK(kept[name] == "<left alone>");
  }
  CHECK(kept["TRANSFORMERS_CACHE"] == "<unset>");
}

TEST_CASE("only the named presets take part, with what they build on, and the proxies always") {
  SECTION("one") {
    const Planned plan =
        make_plan(Settings().item(Key::env_presets, "transformers"), usual_inputs());
    CHECK(plan["TRANSFORMERS_OFFLINE"] == "1");
    CHECK(plan["HF_HUB_OFFLINE"] == "1");
    CHECK(plan["HF_XET_CACHE"] == "/scratch/xet");
    CHECK(plan["VLLM_NO_USAGE_STATS"] == "<left alone>");
    CHECK(plan["LLAMA_ARG_OFFLINE"] == "<left alone>");
    CHECK(plan["https_proxy"] == "<unset>");
  }
  SECTION("several steps down") {
    const Planned plan = make_plan(Settings().item(Key::env_presets, "evaluate"), usual_inputs());
    CHECK(plan["HF_EVALUATE_OFFLINE"] == "1");
    CHECK(plan["HF_DATASETS_OFFLINE"] == "1");
    CHECK(plan["HF_HUB_OFFLINE"] == "1");
    CHECK(plan["TRANSFORMERS_OFFLINE"] == "<left alone>");
  }
  SECTION("none") {
    const Planned plan = make_plan(Settings().no_presets(), usual_inputs());
    CHECK(plan["HF_HUB_OFFLINE"] == "<left alone>");
    CHECK(plan["https_proxy"] == "<unset>");
    CHECK(plan["HFOFFLINE_ACTIVE"] == "0.1.0");
  }
  SECTION("all, by name") {
    const Planned plan = make_plan(Settings().item(Key::env_presets, "all"), usual_inputs());
    CHECK(plan.plan.count == make_plan(Settings(), usual_inputs()).plan.count);
  }
}

TEST_CASE("the preset deterministic takes part only when it is asked for") {
  CHECK(make_plan(Settings(), usual_inputs())["PYTHONHASHSEED"] == "<left alone>");
  CHECK(make_plan(Settings().item(Key::env_presets, "all"), usual_inputs())["PYTHONHASHSEED"] ==
        "<left alone>");
  const Planned named =
      make_plan(Settings().item(Key::env_presets, "deterministic"), usual_inputs());
  CHECK(named["PYTHONHASHSEED"] == "0");
  CHECK(named["HF_HUB_OFFLINE"] == "<left alone>");
  Settings settings;
  settings.text(Key::env_deterministic, "true");
  const Planned added = make_plan(settings, usual_inputs());
  CHECK(added["PYTHONHASHSEED"] == "0");
  CHECK(added["CUBLAS_WORKSPACE_CONFIG"] == ":16:8");
  CHECK(added["CUDA_LAUNCH_BLOCKING"] == "1");
  CHECK(added["TOKENIZERS_PARALLELISM"] == "false");
  CHECK(added["HF_HUB_OFFLINE"] == "1");
}

TEST_CASE("a setting about a variable of ours is an error that names its line") {
  for (const char* name : {"HFOFFLINE_ACTIVE", "HFOFFLINE_RECORD", "LD_PRELOAD", "LD_AUDIT"}) {
    CAPTURE(name);
    const Planned unset = make_plan(Settings().item(Key::env_unset, name), usual_inputs());
    CHECK_FALSE(unset.ok);
    CHECK(std::string(unset.error.message).find(name) != std::string::npos);
    CHECK(unset.error.file == "hfoffline.toml"sv);
    CHECK(unset.error.line == 100);
    const std::string assignment = std::string(name) + "=1";
    CHECK_FALSE(make_plan(Settings().item(Key::env_set, assignment), usual_inputs()).ok);
    CHECK_FALSE(make_plan(Settings().text(Key::cache_marker, name), usual_inputs()).ok);
  }
  CHECK(make_plan(Settings().item(Key::env_unset, "MY_HFOFFLINE_ACTIVE"), usual_inputs()).ok);
}

TEST_CASE("a set without a value or a name is an error") {
  CHECK_FALSE(make_plan(Settings().item(Key::env_set, "NAME"), usual_inputs()).ok);
  CHECK_FALSE(make_plan(Settings().item(Key::env_set, "=value"), usual_inputs()).ok);
  CHECK_FALSE(make_plan(Settings().item(Key::env_unset, ""), usual_inputs()).ok);
}

TEST_CASE("an arena that runs out is an error at every size, never a short plan") {
  Settings settings;
  settings.item(Key::env_set, "A=1").item(Key::env_unset, "B");
  const Planned whole = make_plan(settings, usual_inputs());
  REQUIRE(whole.ok);
  bool succeeded = false;
  for (std::size_t memory = 0; memory < 64 * 1024 && !succeeded; memory += 61) {
    const Planned plan = make_plan(settings, usual_inputs(), known_presets(), memory);
    if (plan.ok) {
      CHECK(plan.plan.count == whole.plan.count);
      succeeded = true;
    } else {
      CHECK_FALSE(plan.error.empty());
    }
  }
  CHECK(succeeded);
}

TEST_CASE("a value too long to be a path is an error") {
  const std::string longest(5000, 'x');
  EnvironmentInputs inputs = usual_inputs();
  const std::string path = "/" + longest;
  inputs.models_dir = path;
  const Planned plan = make_plan(Settings(), inputs);
  CHECK_FALSE(plan.ok);
  CHECK(std::string(plan.error.message).find("too long") != std::string::npos);
}

TEST_CASE("what a message quotes cannot reach the terminal as it is") {
  const Planned plan =
      make_plan(Settings().item(Key::env_set, "\x1b[31mNO_VALUE\x07"), usual_inputs());
  CHECK_FALSE(plan.ok);
  CHECK(plan.error.message == "[env] set: \"\\x1B[31mNO_VALUE\\x07\" has no value"sv);
  // The twin: an ordinary name is quoted as it is.
  const Planned ordinary = make_plan(Settings().item(Key::env_set, "NO_VALUE"), usual_inputs());
  CHECK(ordinary.error.message == "[env] set: \"NO_VALUE\" has no value"sv);
}

TEST_CASE("settings read from a file are planned, with their lines") {
  constexpr std::string_view kFile =
      "[cache]\nmodels_dir = \"/models\"\nmarker = \"DYNAMO_MODELS_DIR\"\n"
      "[env]\npresets = [\"huggingface\", \"transformers\"]\n"
      "set = [\"TOKENIZERS_PARALLELISM=false\"]\nunset = [\"MY_CACHE\"]\n";
  std::vector<char> memory(64 * 1024);
  Arena arena(memory.data(), memory.size());
  Config config;
  Diagnostic error;
  set_defaults(config);
  const bool read =
      read_config("hfoffline.toml", kFile, known_preset_names(), arena, config, error);
  CAPTURE(error.message);
  REQUIRE(read);
  EnvironmentPlan plan;
  REQUIRE(plan_environment(known_presets(), config, usual_inputs(), arena, plan, error));
  Planned planned;
  planned.plan = plan;
  CHECK(planned["DYNAMO_MODELS_DIR"] == "/models");
  CHECK(planned.find("DYNAMO_MODELS_DIR")->source.line == 3);
  CHECK(planned["TOKENIZERS_PARALLELISM"] == "false");
  CHECK(planned.find("TOKENIZERS_PARALLELISM")->source.line == 6);
  CHECK(planned["MY_CACHE"] == "<unset>");
  CHECK(planned.find("MY_CACHE")->source.line == 7);
  CHECK(planned["HF_HUB_OFFLINE"] == "1");
  CHECK(planned["VLLM_NO_USAGE_STATS"] == "<left alone>");

  SECTION("defaults manage every client") {
    set_defaults(config);
    REQUIRE(plan_environment(known_presets(), config, usual_inputs(), arena, planned.plan, error));
    CHECK(planned["VLLM_NO_USAGE_STATS"] == "1");
  }
}
