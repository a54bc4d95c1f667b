#include "presets/presets.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "catch.h"

using namespace hfoffline;

namespace {

struct Row {
  std::string preset;
  PresetAction action;
  std::string value;
  bool proxy;
};

std::multimap<std::string, Row> all_rows() {
  std::multimap<std::string, Row> result;
  const Presets& presets = known_presets();
  for (std::size_t i = 0; i < presets.count; ++i) {
    PresetRows rows(presets.presets[i].rows);
    PresetVariable row;
    while (rows.next(&row)) {
      result.emplace(row.name, Row{std::string(presets.presets[i].name), row.action,
                                   std::string(row.value), row.proxy});
    }
    CHECK(rows.at_end());
  }
  return result;
}

void check_rows(PresetAction action, const std::map<std::string, std::string>& wanted) {
  const auto rows = all_rows();
  for (const auto& [name, value] : wanted) {
    CAPTURE(name, value);
    CHECK(rows.count(name) >= 1);
    const auto [begin, end] = rows.equal_range(name);
    for (auto row = begin; row != end; ++row) {
      CHECK(row->second.action == action);
      CHECK(row->second.value == value);
    }
  }
}

const Preset* find_preset(std::string_view name) {
  const Presets& presets = known_presets();
  for (std::size_t i = 0; i < presets.count; ++i) {
    if (presets.presets[i].name == name) return &presets.presets[i];
  }
  return nullptr;
}

}  // namespace

TEST_CASE("every variable that must be set is set to the right value") {
  check_rows(PresetAction::kSet, {{"HF_HUB_CACHE", "{hub_cache}"},
                                  {"HUGGINGFACE_HUB_CACHE", "{hub_cache}"},
                                  {"HF_HOME", "{hf_home}"},
                                  {"HF_HUB_OFFLINE", "1"},
                                  {"TRANSFORMERS_OFFLINE", "1"},
                                  {"HF_DATASETS_OFFLINE", "1"},
                                  {"HF_EVALUATE_OFFLINE", "1"},
                                  {"LLAMA_ARG_OFFLINE", "1"},
                                  {"HF_HUB_DISABLE_XET", "1"},
                                  {"HF_HUB_DISABLE_TELEMETRY", "1"},
                                  {"HF_HUB_DISABLE_UPDATE_CHECK", "1"},
                                  {"DISABLE_SAFETENSORS_CONVERSION", "1"},
                                  {"GRADIO_ANALYTICS_ENABLED", "False"},
                                  {"VLLM_NO_USAGE_STATS", "1"}});
}

TEST_CASE("every variable that would win over the cache is removed, not blanked") {
  check_rows(PresetAction::kUnset, {{"TRANSFORMERS_CACHE", ""},
                                    {"PYTORCH_TRANSFORMERS_CACHE", ""},
                                    {"PYTORCH_PRETRAINED_BERT_CACHE", ""},
                                    {"SENTENCE_TRANSFORMERS_HOME", ""},
                                    {"LLAMA_CACHE", ""},
                                    {"WEIGHTS_CACHE_OVERRIDE", ""},
                                    {"VLLM_USE_MODELSCOPE", ""},
                                    {"HUGGINGFACE_CO_STAGING", ""},
                                    {"MODEL_ENDPOINT", ""},
                                    {"HF_ENDPOINT", ""},
                                    {"TORCH_HUB", ""},
                                    {"TORCH_MODEL_ZOO", ""},
                                    {"HTTP_PROXY", ""},
                                    {"HTTPS_PROXY", ""},
                                    {"ALL_PROXY", ""},
                                    {"NO_PROXY", ""}});
}

TEST_CASE("what clients must write goes to scratch") {
  check_rows(PresetAction::kScratch, {{"HF_MODULES_CACHE", "modules"},
                                      {"HF_DATASETS_CACHE", "datasets"},
                                      {"HF_XET_CACHE", "xet"},
                                      {"HF_ASSETS_CACHE", "assets"},
                                      {"HF_XET_LOG_DEST", "xet/logs/"},
                                      {"HF_EVALUATE_CACHE", "evaluate"},
                                      {"HF_METRICS_CACHE", "metrics"}});
}

TEST_CASE("caches of other libraries are used only where they are staged") {
  check_rows(PresetAction::kSetIfDirectory, {{"TORCH_HOME", "{models_dir}/torch"},
                                             {"NLTK_DATA", "{models_dir}/nltk_data"},
                                             {"TIKTOKEN_CACHE_DIR", "{models_dir}/tiktoken"},
                                             {"OLLAMA_MODELS", "{models_dir}/ollama"}});
}

TEST_CASE("presets that name the same variable agree about it") {
  const auto rows = all_rows();
  for (const auto& [name, row] : rows) {
    CAPTURE(name, row.preset);
    const Row& first = rows.find(name)->second;
    CHECK(row.action == first.action);
    CHECK(row.value == first.value);
    CHECK(row.proxy == first.proxy);
  }
}

TEST_CASE("proxy variables are there in both cases and nowhere else") {
  std::set<std::string> names;
  for (const auto& [name, row] : all_rows()) {
    CAPTURE(name);
    CHECK(row.proxy == (row.preset == kProxiesPreset));
    if (row.proxy) names.insert(name);
  }
  for (const std::string& name : names) {
    CAPTURE(name);
    std::string other = name;
    for (char& c : other) {
      c = ascii_lower(c) == c ? static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c)
                              : ascii_lower(c);
    }
    CHECK(names.count(other) == 1);
  }
  CHECK(names.size() >= 12);
}

TEST_CASE("every known client has a preset, in the order of the list") {
  const Presets& presets = known_presets();
  const PresetNames& names = known_preset_names();
  REQUIRE(presets.count == names.count);
  for (std::size_t i = 0; i < presets.count; ++i) {
    CHECK(presets.presets[i].name == names.names[i]);
    CHECK_FALSE(presets.presets[i].title.empty());
  }
  for (const char* name :
       {"huggingface", "transformers", "datasets", "evaluate", "sentence_transformers", "torch",
        "vllm", "tgi", "llama_cpp", "rust_hf_hub", "huggingface_js", "hf_xet", "nltk", "tiktoken",
        "gradio", "ollama", "proxies"}) {
    CAPTURE(name);
    CHECK(find_preset(name) != nullptr);
  }
}

TEST_CASE("a client that does not go through huggingface_hub is complete on its own") {
  for (const char* name : {"llama_cpp", "rust_hf_hub", "huggingface_js"}) {
    CAPTURE(name);
    std::set<std::string_view> variables;
    PresetRows rows(find_preset(name)->rows);
    PresetVariable row;
    while (rows.next(&row)) variables.insert(row.name);
    for (const char* variable : {"HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
      CAPTURE(variable);
      CHECK(variables.count(variable) == 1);
    }
  }
}

TEST_CASE("rows that are cut short end the walk instead of running on") {
  using namespace std::string_view_literals;
  constexpr std::string_view kRow = "SNAME\0value\0why\0since\0until\0"sv;
  PresetVariable row;
  for (std::size_t size = 0; size < kRow.size(); ++size) {
    PresetRows rows(slice(kRow, 0, size));
    CHECK_FALSE(rows.next(&row));
  }
  PresetRows rows(kRow);
  REQUIRE(rows.next(&row));
  CHECK(row.name == "NAME");
  CHECK(row.value == "value");
  CHECK(row.why == "why");
  CHECK(row.since == "since");
  CHECK(row.until == "until");
  CHECK_FALSE(rows.next(&row));
}
