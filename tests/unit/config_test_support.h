// What the tests of the config readers share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config.h"

namespace hfoffline::test {

inline constexpr std::string_view kNames[] = {"huggingface", "transformers", "vllm"};
inline constexpr PresetNames kPresets = {kNames, 3};

// A Config with the memory that it needs.
class Settings {
 public:
  explicit Settings(std::size_t arena_bytes = 1 << 20)
      : memory_(arena_bytes), arena_(memory_.data(), memory_.size()) {
    set_defaults(config);
  }
  Settings(const Settings&) = delete;

  bool read(std::string_view text, std::string_view file = "hfoffline.toml") {
    return read_config(file, text, kPresets, arena_, config, error);
  }
  bool flag(Key key, std::string_view name, std::string_view value) {
    return apply_override(key, value, {Source::Origin::kFlag, name}, kPresets, arena_, config,
                          error);
  }
  bool variable(Key key, std::string_view value) {
    const Source source = {Source::Origin::kEnvironment, key_info(key).environment};
    return apply_override(key, value, source, kPresets, arena_, config, error);
  }
  bool environment(const std::vector<const char*>& entries) {
    std::vector<const char*> terminated = entries;
    terminated.push_back(nullptr);
    return apply_environment(terminated.data(), kPresets, arena_, config, error);
  }

  std::string message() const {
    char array[4096];
    Appender out(array);
    append_diagnostic(error, out);
    return std::string(out.view());
  }
  // "10.0.0.5@hfoffline.toml:3 minio.ci@--allow"
  std::string items(Key key) const {
    std::string result;
    for (const ListItem* item = config.items(key); item != nullptr; item = item->next) {
      char array[256];
      Appender source(array);
      append_source(item->source, source);
      if (!result.empty()) result += ' ';
      result.append(item->text).append("@").append(source.view());
    }
    return result;
  }
  std::string source(Key key) const {
    char array[256];
    Appender out(array);
    append_source(config.at(key).source, out);
    return std::string(out.view());
  }

  Config config;
  Diagnostic error;

 private:
  std::vector<char> memory_;
  Arena arena_;
};

}  // namespace hfoffline::test
